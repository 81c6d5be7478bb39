// Signs in from the command line with a real browser: `usher login` prints a link, Chromium opens it, a person signs in
// and allows it, and the terminal knows who they are. Photographs the page that the command itself shows.
//
//   node tests/browser/login.mjs [FOLDER FOR THE PHOTOGRAPHS, else .build/photographs]
import { mkdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { begin, browser as openBrowser, check, finish, newFolder, root, serve, visitor } from './usher.mjs'

const PASSWORD = 'four unrelated words here'

const { folder, remove } = await newFolder()
const photographs = process.argv[2] ?? path.join(root, '.build/photographs')
await mkdir(photographs, { recursive: true })
const server = await serve(path.join(folder, 'data'))
const home = { HOME: folder, XDG_CONFIG_HOME: '' }
const login = () => begin(['login', '--no-browser', '--server', server.listening], home)
const run = (...words) => begin(words, home).ended

const chromium = await openBrowser()
try {
  const { page, complaints } = await visitor(chromium)
  await page.goto(server.first_password_link)
  await page.getByLabel('New password').fill(PASSWORD)
  await page.getByLabel('The same again').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/sign-in?done=password*')
  await refused(page)
  await allowed(page)
  await askedAgain(page)
  check('the browser has nothing to complain about', complaints.length === 0, complaints)
  await told()
} finally {
  await chromium.close()
  await server.stop()
  await remove()
}
finish()

/** Opens the link that the command prints. */
async function open(page, command) {
  const { open: link } = await command.firstError
  await page.goto(link)
}

/** The person says no. */
async function refused(page) {
  const command = login()
  await open(page, command)
  await page.locator('#name').fill('1')
  await page.locator('#password').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Refuse' }).or(page.locator('button[value=deny]')).first().click()
  await page.getByText('Nothing was allowed').waitFor()
  await page.screenshot({ path: path.join(photographs, 'login-refused.png'), fullPage: true })
  const { code } = await command.ended
  check('who refuses is not signed in', code === 1, code)
}

/** The person says yes; the browser comes back to the port at which the command waits. */
async function allowed(page) {
  const command = login()
  await open(page, command)
  check('the consent page names the program', await page.getByText('usher login').first().isVisible())
  await page.screenshot({ path: path.join(photographs, 'login-consent.png'), fullPage: true })
  await page.locator('button[value=allow]').click()
  await page.getByText('You can close this window').waitFor()
  check('the last page speaks Chinese as well', await page.getByText('您可以关闭此窗口').isVisible())
  const brand = await page.locator('.brand').evaluate((element) => getComputedStyle(element).fontWeight)
  check('its style is inside it', brand === '650', brand)
  await page.screenshot({ path: path.join(photographs, 'login-done.png'), fullPage: true })
  const { code, said } = await command.ended
  check('the terminal knows who came', code === 0 && said?.user_id === 1 && said.server === server.listening, JSON.stringify(said))
}

/** Everything was granted before, and the browser is signed in. Any program could have opened that link, so it asks. */
async function askedAgain(page) {
  const command = login()
  await open(page, command)
  check('no program gets tokens behind a person\'s back', await page.locator('button[value=allow]').isVisible())
  await page.locator('button[value=allow]').click()
  await page.getByText('You can close this window').waitFor()
  const { code } = await command.ended
  check('who allows it again is signed in again', code === 0, code)
}

/** What is kept, and what the other commands make of it. */
async function told() {
  const file = path.join(folder, '.config/usher/sign-ins', `${server.listening.replace('://', '-').replaceAll(':', '_')}.json`)
  check('the tokens are for their owner only', ((await stat(file)).mode & 0o777) === 0o600)
  const { access_token: token } = JSON.parse(await readFile(file, 'utf8'))
  const seats = await fetch(`${server.listening}/open-apis/apaas/v1/seat_activities?seat_type=per_user&page_size=10`,
    { headers: { authorization: `Bearer ${token}` } })
  check('the token reads the seats', (await seats.json()).code === 0)
  const { code, said } = await run('whoami')
  check('whoami says the same', code === 0 && said?.roles?.[0] === 'system_administrator', JSON.stringify(said))
  check('and logout ends it', (await run('logout')).said?.revoked === true && (await run('whoami')).code === 1)
}
