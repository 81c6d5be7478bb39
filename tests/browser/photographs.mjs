// Photographs every page of the console and of signing in, with an organisation that has something to show: in English and in
// Chinese, light and dark, on a wide window and on a telephone. Somebody then looks at them. `./test` does not run this: the
// walk of console.mjs judges what a program can judge.
//
//   node tests/browser/photographs.mjs [--styles] [--readme] [--only NAME,NAME] [FOLDER, else .build/photographs/all]
//
// With --styles the pages are dressed from the working tree, so that a stylesheet can be tried without building. With --readme
// only the pictures of the README are taken, into docs/images.
import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { browser as openBrowser, newFolder, plainly, root, serve, usher, visitor } from './usher.mjs'
import { organisation } from './organisation.mjs'

const PASSWORD = 'four unrelated words here'
const WIDE = 1280
const PHONE = 390
// The pages that the README shows, and the height of the window that frames them well.
const README = { overview: 840, 'seats-idle': 800, preview: 800 }
const SHEETS = { 'usher.css': 'crates/usher-http/templates/usher.css', 'console.css': 'crates/usher-console/assets/console.css' }

const words = process.argv.slice(2)
const styles = words.includes('--styles')
const readme = words.includes('--readme')
const only = words.includes('--only') ? words[words.indexOf('--only') + 1].split(',') : null
const last = words.at(-1)
const named = last && !last.startsWith('--') && words.at(-2) !== '--only' ? last : null
const photographs = path.resolve(named ?? path.join(root, '.build/photographs/all'))
await mkdir(photographs, { recursive: true })

const chromium = await openBrowser()
try {
  for (const language of ['en', 'zh-CN']) {
    if (!readme) await nothingYet(language)
    await everything(language)
  }
} finally {
  await chromium.close()
}
console.log(`photographs: ${photographs}`)

/** A visitor whose pages may be dressed from the working tree. */
async function guest(language) {
  const { context, page } = await visitor(chromium, { language, viewport: { width: WIDE, height: 800 } })
  if (styles)
    for (const [name, file] of Object.entries(SHEETS))
      await context.route(`**/assets/${name}*`, async (route) =>
        route.fulfill({ contentType: 'text/css', body: await readFile(path.join(root, file), 'utf8') }))
  return { context, page }
}

/** The page as it is, in each dress. */
async function shoot(page, language, name) {
  // What was opened by hand has moved the page, and a button that was pressed may still lead to another.
  await page.waitForLoadState()
  await page.evaluate(() => globalThis.scrollTo(0, 0))
  if (readme) return README[name] && forReadme(page, language, name)
  if (only && !only.includes(name)) return
  for (const [width, device] of [[WIDE, 'wide'], [PHONE, 'phone']])
    for (const colorScheme of ['light', 'dark']) {
      await page.setViewportSize({ width, height: 800 })
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: path.join(photographs, `${name}-${language}-${colorScheme}-${device}.png`), fullPage: true })
    }
  await page.setViewportSize({ width: WIDE, height: 800 })
}

async function forReadme(page, language, name) {
  await page.setViewportSize({ width: WIDE, height: README[name] })
  const sister = language === 'en' ? '' : `.${language}`
  await page.screenshot({ path: path.join(root, `docs/images/console-${name}${sister}.png`) })
}

async function signIn(page, base) {
  await page.goto(`${base}/console`)
  await page.locator('#name').fill('1')
  await page.locator('#password').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.locator('.menu').waitFor()
}

async function choosePassword(page, link) {
  await page.goto(link)
  for (const field of await page.locator('input[type=password]').all()) await field.fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/sign-in?done=password*')
}

/** From the printed link on: a server on which nothing was ever done. */
async function nothingYet(language) {
  const { folder, remove } = await newFolder()
  const server = await serve(path.join(folder, 'data'))
  const base = server.listening
  const { context, page } = await guest(language)
  try {
    await page.goto(server.first_password_link)
    await shoot(page, language, 'first-password')
    // What the browser itself would say is no page of ours.
    await page.locator('form').evaluate((form) => { form.noValidate = true })
    await page.locator('input[type=password]').first().fill('short')
    await page.keyboard.press('Enter')
    await page.locator('.alert').waitFor()
    await shoot(page, language, 'first-password-short')
    await choosePassword(page, server.first_password_link)
    await shoot(page, language, 'first-password-done')
    await page.goto(`${base}/console`)
    await shoot(page, language, 'sign-in')
    await page.locator('#name').fill('1')
    await page.locator('#password').fill('not the password')
    await page.keyboard.press('Enter')
    await page.locator('.alert').waitFor()
    await shoot(page, language, 'sign-in-wrong')
    await signIn(page, base)
    for (const name of ['', 'seats', 'pools', 'people', 'groups', 'apps', 'gateway', 'import', 'clients', 'audit', 'settings']) {
      await page.goto(`${base}/console${name && `/${name}`}`)
      await shoot(page, language, `empty-${name || 'overview'}`)
    }
    await page.goto(`${base}/console/import`)
    await page.locator('#import-lines').fill('who,what\n1,2\n')
    await page.locator('main form button').first().click()
    await page.locator('.alert').waitFor()
    await shoot(page, language, 'import-wrong')
    await page.locator('#import-lines').fill('time_ms,user_id,namespace\n2026-01-02T08:00:00+08:00,7,crm\n2026-01-02,8,crm\n2099-01-01T00:00:00Z,9,crm\n')
    await page.locator('main form button').first().click()
    await page.locator('.notice, p.attention').waitFor()
    await shoot(page, language, 'import-mend')
    await page.goto(`${base}/account`)
    await shoot(page, language, 'account')
  } finally {
    await context.close()
    await server.stop()
    await remove()
  }
}

/** Every page of an organisation that has been at work for half a year. */
async function everything(language) {
  const { folder, remove } = await newFolder()
  const data = path.join(folder, 'data')
  const server = await serve(data)
  const base = server.listening
  const { context, page } = await guest(language)
  const at = async (address, name, open = false) => {
    await page.goto(`${base}${address}`)
    if (open) for (const summary of await page.locator('main details > summary').all()) await summary.click()
    await shoot(page, language, name)
  }
  const press = (name) => page.locator(name).last().click()
  try {
    await choosePassword(page, server.first_password_link)
    const known = await organisation({ data, base, language, usher, folder })
    await signIn(page, base)
    await at('/console', 'overview')
    await at('/console', 'overview-open', true)
    await at('/console/seats', 'seats')
    await at('/console/seats?idle=90', 'seats-idle')
    await at('/console/seats?state=all', 'seats-all')
    await at('/console/seats?idle=9000', 'seats-none')
    await at('/console/seats?idle=many', 'seats-wrong')
    await at(`/console/seats/per_user:${known.idle}`, 'seat-idle')
    await at(`/console/seats/per_user:${known.busy}`, 'seat-busy', true)
    await at(`/console/seats/per_user:${known.protected}`, 'seat-protected')
    await at('/console/seats/per_user:5', 'missing')
    await at('/console/pools', 'pools')
    await at('/console/pools/per_user', 'pool')
    await at('/console/people', 'people')
    await at(`/console/people/${known.busy}`, 'person')
    await at(`/console/people/${known.away}`, 'person-away')
    await at('/console/groups', 'groups')
    await at('/console/groups/sales', 'group')
    await at('/console/apps', 'apps')
    await at('/console/apps/crm', 'app')
    await at('/console/gateway', 'gateway')
    await at('/console/gateway', 'gateway-open', true)
    await at('/console/import', 'import')
    await at('/console/clients', 'clients')
    await at(`/console/clients/${known.client}`, 'client')
    await at(`/console/clients/${known.client}`, 'client-open', true)
    await at('/console/audit', 'audit')
    await at('/console/audit?object=seat', 'audit-wrong')
    await at('/console/settings', 'settings')

    await page.goto(`${base}/console/clients/${known.client}`)
    await page.locator('form:has(input[value=token]) button').click()
    await page.locator('.snippet').first().waitFor()
    await shoot(page, language, 'client-token')
    await page.goto(`${base}/console/clients`)
    await page.locator('form:has(input[value=token]) button').click()
    await page.locator('.snippet').first().waitFor()
    await shoot(page, language, 'clients-token')
    await page.goto(`${base}/console/clients`)
    await page.locator('#client-name').fill('Directory sync')
    await page.locator('form:has(#client-name) button').click()
    await page.locator('.notice, p.attention').waitFor()
    await shoot(page, language, 'client-made')
    await page.goto(`${base}/console/people/${known.busy}`)
    await page.locator('form:has(input[value=link]) button').click()
    await page.locator('.snippet').first().waitFor()
    await shoot(page, language, 'person-link')
    await page.goto(`${base}/console/audit`)
    await press('main form[method=post] button')
    await page.locator('.notice, p.attention').waitFor()
    await shoot(page, language, 'audit-verified')
    await page.goto(`${base}/console/pools/per_user`)
    await page.locator('#pool-bought').fill('3')
    await page.locator('form:has(#pool-bought) button').click()
    await page.locator('.alert').waitFor()
    await shoot(page, language, 'pool-too-small')
    await page.goto(`${base}/console/seats/per_user:${known.idle}`)
    await page.locator('form:has(input[value=release]) button').first().click()
    await page.locator('button.grave').waitFor()
    await shoot(page, language, 'seat-confirm')

    await page.goto(`${base}/console/seats?idle=90`)
    await page.locator('#bulk-action').selectOption('release')
    await page.locator('#bulk-reason').fill(language === 'en' ? 'Not used this quarter' : '本季度未使用')
    await page.locator('form:has(#bulk-action) button').click()
    await page.locator('button.grave').waitFor()
    await shoot(page, language, 'preview')
    if (readme) return
    await page.locator('button.grave').click()
    await page.locator('.notice, p.attention').waitFor()
    await shoot(page, language, 'released')
    await page.locator('main form button').last().click()
    await page.locator('.notice, p.attention').waitFor()
    await shoot(page, language, 'undone')
    await at('/console/audit?object=&actor=1', 'audit-after')

    for (const report of ['idle', 'usage']) {
      const file = path.join(folder, `${report}.html`)
      await plainly('report', report, '--html', file, '--data', data, '--language', language.slice(0, 2))
      await page.goto(pathToFileURL(file).href)
      await shoot(page, language, `report-${report}`)
    }

    await page.context().clearCookies()
    const link = await usher('user', 'link', String(known.busy), '--data', data)
    await choosePassword(page, `${base}${link.path}`)
    await page.goto(`${base}/console`)
    await page.locator('#name').fill(String(known.busy))
    await page.locator('#password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.locator('#name').waitFor({ state: 'detached' })
    await shoot(page, language, 'not-an-administrator')

    await page.context().clearCookies()
    await usher('tenant', 'create', 'south', '--name', language === 'en' ? 'Southwind Logistics' : '南风物流', '--data', data)
    await at('/console/operator', 'operator')
    await page.locator('#token').fill('no token')
    await page.keyboard.press('Enter')
    await page.locator('.alert').waitFor()
    await shoot(page, language, 'operator-wrong')
    await page.locator('#token').fill((await usher('token', 'issue', '--operator', '--expires-in', '8h', '--data', data)).token)
    await page.keyboard.press('Enter')
    await page.locator('#q').waitFor()
    await shoot(page, language, 'organisations')
    await page.locator('form:has(input[value=default]) button').click()
    await page.locator('.menu').waitFor()
    await shoot(page, language, 'operator-overview')
  } finally {
    await context.close()
    await server.stop()
    await remove()
  }
}
