// Walks through the console in a real browser, as a person would who has never seen it: from the printed link to a list of
// idle seats, their release and its undoing, a client and a call with its token; in both languages, once with scripts allowed
// and once without. Every page is judged by axe-core in both themes, and photographed in both languages, light, dark and on a
// phone, for people to look at.
//
//   node tests/browser/console.mjs [FOLDER FOR THE PHOTOGRAPHS, else .build/photographs/console]
import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { browser as openBrowser, check, finish, newFolder, root, serve, usher, visitor } from './usher.mjs'

const PASSWORD = 'four unrelated words here'
const DAY_MS = 24 * 60 * 60 * 1000
const HOSTILE = `<script>alert(1)</script>"'&\u202Egpj.exe 席位 \u{1F469}\u200D\u{1F4BB}`
const modules = process.env.BROWSER_MODULES ?? path.join(root, '.build/browser')
const axe = createRequire(path.join(modules, 'package.json')).resolve('axe-core/axe.min.js')
const WORDS = {
  en: { idle: 'Show', bulk: 'Preview', release: /^Release \d+ seats$/, undo: 'Undo', client: 'Add a client', token: 'Make an access token', import: 'Import', set: 'Set the password', signIn: 'Sign in', open: 'Open the console', csv: 'Import a CSV', see: 'See the idle seats' },
  'zh-CN': { idle: '显示', bulk: '预览', release: /^释放 \d+ 个席位$/, undo: '撤销', client: '添加客户端', token: '生成访问令牌', import: '导入', set: '设置密码', signIn: '登录', open: '打开控制台', csv: '导入 CSV', see: '查看闲置席位' },
}

const { folder, remove } = await newFolder()
const photographs = process.argv[2] ?? path.join(root, '.build/photographs/console')
await mkdir(photographs, { recursive: true })
const data = path.join(folder, 'data')
const server = await serve(data)
const base = server.listening

const chromium = await openBrowser()
try {
  for (const language of ['en', 'zh-CN']) await fromNothing(language)
  await firstPassword()
  for (const language of ['en', 'zh-CN']) await theWholeWalk(language)
  await hostileNames()
  await operatorChooses()
  await keyboardOrder()
  await photographAll()
} finally {
  await chromium.close()
  await server.stop()
  await remove()
}
finish()

/** The clicks of docs/console.md, one by one, on a server of its own: from the printed link to a list of idle seats. */
async function fromNothing(language) {
  const words = WORDS[language]
  const fresh = await serve(path.join(folder, `data-${language}`))
  const { context, page, complaints } = await visitor(chromium, { language })
  let clicks = 0
  const click = async (role, name) => {
    await judge(page, `${language}, before click ${clicks + 1}`, { base: fresh.listening })
    clicks += 1
    await page.getByRole(role, { name, exact: true }).click()
  }
  await page.goto(fresh.first_password_link)
  for (const field of await page.locator('input[type=password]').all()) await field.fill(PASSWORD)
  await click('button', words.set)
  await page.locator('#password').fill(PASSWORD)
  await click('button', words.signIn)
  await click('link', words.open)
  await click('link', words.csv)
  clicks += 1
  await page.locator('#import-file').setInputFiles(await table(500))
  await click('button', words.import)
  await click('link', words.see)
  const idle = await page.locator('tbody tr').count()
  check(`${language}: from the printed link to the idle seats of an own table in 7 clicks`, clicks === 7 && idle === 40, `${clicks} clicks, ${idle} seats`)
  await judge(page, `${language}, the idle seats`, { base: fresh.listening })
  check(`${language}: nothing for the browser to complain about on the way`, complaints.length === 0, complaints)
  await context.close()
  await fresh.stop()
}

/** The administrator chooses a password with the link that the server printed. */
async function firstPassword() {
  const { context, page } = await visitor(chromium)
  await page.goto(server.first_password_link)
  await page.getByLabel('New password').fill(PASSWORD)
  await page.getByLabel('The same again').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/sign-in?done=password*')
  await context.close()
}

/** A table of accesses: forty people long ago, ten lately. */
async function table(first) {
  const now = Date.now()
  const lines = ['time_ms,user_id,namespace']
  for (let person = 0; person < 50; person += 1) {
    const days = person < 40 ? 100 + person * 3 : person - 40
    lines.push(`${now - days * DAY_MS - 60_000},${first + person},${person % 2 ? 'crm' : 'wiki'}`)
  }
  const file = path.join(folder, `accesses-${first}.csv`)
  await writeFile(file, `${lines.join('\n')}\n`)
  return file
}

/** From signing in to a released, undone and recorded list, and a call with a token of a new client. */
async function theWholeWalk(language) {
  const words = WORDS[language]
  const { context, page, complaints } = await visitor(chromium, { language, javaScriptEnabled: language === 'en' })
  await page.goto(`${base}/console`)
  await page.locator('#name').fill('1')
  await page.locator('#password').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.locator('.menu').waitFor()
  check(`${language}: signing in leads to the console that was asked for`, page.url() === `${base}/console`, page.url())

  await page.goto(`${base}/console/import`)
  await page.locator('#import-file').setInputFiles(await table(language === 'en' ? 1000 : 2000))
  await page.getByRole('button', { name: words.import, exact: true }).click()
  await page.locator('.notice').waitFor()
  check(`${language}: a table is imported`, /50/.test(await page.locator('.notice').textContent()))

  await page.goto(`${base}/console`)
  await page.locator('.tile.attention a').click()
  await page.waitForURL('**/console/seats?verdict=idle')
  const idle = await page.locator('tbody tr').count()
  check(`${language}: two clicks from the overview stand the idle seats`, idle >= 40, idle)

  await page.locator('#bulk-action').selectOption('release')
  await page.locator('#bulk-reason').fill('spring cleaning')
  await page.getByRole('button', { name: words.bulk }).click()
  const confirm = page.getByRole('button', { name: words.release })
  const announced = Number((await confirm.textContent()).match(/\d+/)[0])
  check(`${language}: the preview names the count`, announced >= 40, announced)
  await judge(page, `${language} preview`)
  await confirm.click()
  await page.locator('.notice').waitFor()
  check(`${language}: as many were released`, (await page.locator('.notice').textContent()).includes(String(announced)))
  await judge(page, `${language} result`)
  await page.getByRole('button', { name: words.undo }).click()
  await page.locator('.notice').waitFor()
  check(`${language}: and all restored`, (await page.locator('.notice').textContent()).includes(String(announced)))
  await page.goto(`${base}/console/audit`)
  const log = await page.locator('tbody').textContent()
  check(`${language}: the log has both, with the reason`, log.includes('spring cleaning') || log.includes('undo #bulk'), log.slice(0, 200))

  await page.goto(`${base}/console/clients`)
  await page.locator('#client-name').fill('Seat report')
  await page.getByLabel('app_engine:seat_activities:read').check()
  await page.getByRole('button', { name: words.client }).click()
  await page.locator('.notice').waitFor()
  await page.goto(page.url() === `${base}/console/clients` ? await clientPage(page) : page.url())
  await page.getByRole('button', { name: words.token }).click()
  await page.locator('.notice').waitFor()
  const token = await page.locator('.snippet code').first().textContent()
  const answer = await fetch(`${base}/open-apis/apaas/v1/seat_activities?seat_type=per_user&page_size=10`,
    { headers: { authorization: `Bearer ${token.trim()}` } })
  const body = await answer.json()
  check(`${language}: a call with the token reads seats`, body.code === 0 && body.data.items.length === 10, JSON.stringify(body).slice(0, 200))
  check(`${language}: nothing for the browser to complain about`, complaints.length === 0, complaints)
  await context.close()
}

/** The address of the client that was just made. */
async function clientPage(page) {
  const id = (await page.locator('dd .code').first().textContent()).trim()
  return `${base}/console/clients/${id}`
}

/** Names made to do harm stand harmless on every page. */
async function hostileNames() {
  await usher('user', 'update', '1000', '--name', HOSTILE, '--data', data)
  const { context, page, complaints } = await visitor(chromium, { javaScriptEnabled: true })
  let dialogs = 0
  page.on('dialog', (dialog) => { dialogs += 1; dialog.dismiss() })
  await signIn(page)
  for (const address of ['/console/people/1000', '/console/people', '/console/seats?person=1000', '/console/seats/per_user:1000'])
    await page.goto(`${base}${address}`)
  check('a hostile name runs nothing', dialogs === 0 && complaints.length === 0, complaints)
  await context.close()
}

/** An operator signs in with a token and chooses an organisation. */
async function operatorChooses() {
  const { token } = await usher('token', 'issue', '--operator', '--expires-in', '8h', '--data', data)
  const { context, page, complaints } = await visitor(chromium, { language: 'zh-CN' })
  await page.goto(`${base}/console/operator`)
  await judge(page, 'the sign-in of operators', { colorScheme: 'dark' })
  await page.locator('#token').fill(token)
  await page.keyboard.press('Enter')
  await page.locator('#q').waitFor()
  await judge(page, 'the list of organisations', { colorScheme: 'dark' })
  await page.locator('form:has(input[value=default]) button').click()
  await page.locator('.menu').waitFor()
  check('an operator sees the organisation that was chosen', await page.locator('.tile').count() > 0)
  check('nothing for the browser to complain about where operators sign in', complaints.length === 0, complaints)
  await context.close()
}

/** Tab begins with the way past the menu, and each place shows that it has the focus. */
async function keyboardOrder() {
  const { context, page } = await visitor(chromium)
  await signIn(page)
  await page.goto(`${base}/console/seats?idle=90`)
  const seen = []
  for (let place = 0; place < 12; place += 1) {
    await page.keyboard.press('Tab')
    const at = page.locator(':focus')
    const ring = await at.evaluate((element) => parseFloat(getComputedStyle(element).outlineWidth) >= 2)
    seen.push(ring ? '' : (await at.textContent()).trim())
  }
  check('each place that Tab reaches shows a ring', seen.join('') === '', seen.join())
  await page.goto(`${base}/console/seats?idle=90`)
  await page.keyboard.press('Tab')
  check('the first is the way past the menu', (await page.locator(':focus').getAttribute('href')) === '#content')
  await context.close()
}

/** What axe-core finds serious or critical on a page. Its own script needs an opened policy, so it runs in a world apart. */
async function judge(page, what, { colorScheme = 'light', base: from = base } = {}) {
  const context = await chromium.newContext({ bypassCSP: true, viewport: page.viewportSize(), colorScheme })
  const copy = await context.newPage()
  await copy.route('**/*', async (route) => {
    const address = route.request().url()
    if (address === 'http://page.invalid/') await route.fulfill({ contentType: 'text/html', body: await page.content() })
    else await route.fulfill({ response: await page.request.get(address.replace('http://page.invalid', from)) })
  })
  await copy.goto('http://page.invalid/')
  await copy.addScriptTag({ path: axe })
  const found = await copy.evaluate(async () => (await globalThis.axe.run()).violations
    .filter((violation) => ['serious', 'critical'].includes(violation.impact))
    .map((violation) => `${violation.id}: ${violation.nodes.slice(0, 3).map((node) => node.target.join(' ')).join(', ')}`))
  check(`axe-core finds nothing serious: ${what}`, found.length === 0, found.join('; '))
  await context.close()
}

/** Every page in every look. */
async function photographAll() {
  await usher('import', 'accesses', await table(3000), '--create-missing', '--data', data)
  const client = (await usher('client', 'create', 'Report', '--open', 'app_engine:seat_activities:read', '--data', data)).client_id
  const pages = {
    overview: '/console', seats: '/console/seats?idle=90', 'seats-all': '/console/seats?state=all', seat: '/console/seats/per_user:3007',
    'seat-missing': '/console/seats/per_user:5', pools: '/console/pools', pool: '/console/pools/per_user', people: '/console/people',
    person: '/console/people/3007', groups: '/console/groups', apps: '/console/apps', app: '/console/apps/crm',
    gateway: '/console/gateway', import: '/console/import', clients: '/console/clients', client: `/console/clients/${client}`,
    audit: '/console/audit', settings: '/console/settings',
  }
  for (const language of ['en', 'zh-CN'])
    for (const colorScheme of ['light', 'dark'])
      for (const [width, name] of [[1280, 'wide'], [390, 'phone']]) {
        const look = `${language}-${colorScheme}-${name}`
        // Each page is judged in both languages, both themes and both widths, though not in every mixture of them.
        const judged = ['en-light-wide', 'zh-CN-dark-phone'].includes(look)
        const { context, page, complaints } = await visitor(chromium, { language, colorScheme, viewport: { width, height: 900 } })
        await signIn(page)
        const wide = []
        for (const [what, address] of Object.entries(pages)) {
          await page.goto(`${base}${address}`)
          const overflow = await page.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth)
          if (overflow > 0) wide.push(`${what}: ${overflow}px`)
          await page.screenshot({ path: path.join(photographs, `${what}-${look}.png`), fullPage: true })
          if (judged) await judge(page, `${what} ${look}`, { colorScheme })
        }
        check(`the pages fit their window: ${look}`, wide.length === 0, wide.join(', '))
        const others = complaints.filter((complaint) => !complaint.includes('404'))
        check(`the browser has nothing to complain about but the page that is not there: ${look}`, others.length === 0, others)
        await context.close()
      }
  console.log(`photographs: ${photographs}`)
}

async function signIn(page) {
  await page.goto(`${base}/console`)
  await page.locator('#name').fill('1')
  await page.locator('#password').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.locator('.menu').waitFor()
}
