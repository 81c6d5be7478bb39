// Signs in and allows a client in a real browser, with the keyboard alone and without scripts, and photographs the
// pages in both languages, light and dark, wide and on a phone, for people to look at.
//
//   node tests/browser/sign_in.mjs [FOLDER FOR THE PHOTOGRAPHS, else .build/photographs]
import { createHash, randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { browser as openBrowser, check, finish, listen, newFolder, root, serve, usher, visitor } from './usher.mjs'

const PASSWORD = 'four unrelated words here'
const SCOPE = 'app_engine:seat_activities:read'

const { folder, remove } = await newFolder()
const photographs = process.argv[2] ?? path.join(root, '.build/photographs')
await mkdir(photographs, { recursive: true })
const data = path.join(folder, 'data')
const server = await serve(data)
const base = server.listening

// The client sends people on to another host of its own, as many do.
const home = await listen((_, answer) => answer.end('<h1>Home</h1>'))
const received = []
const client = await listen((request, answer) => {
  received.push(new URL(request.url, 'http://127.0.0.1'))
  answer.writeHead(302, { location: `http://localhost:${home.port}/` }).end()
})
const callback = `http://127.0.0.1:${client.port}/cb`
// A program on a desktop registers no port, because it takes whichever is free.
const registered = await usher('client', 'create', 'Seat report', '--open', `${SCOPE},offline_access`,
  '--redirect-uri', 'http://127.0.0.1/cb', '--data', data)
const { client_id: clientId, client_secret: clientSecret } = registered
const verifier = randomBytes(32).toString('base64url')
const authorize = (more = {}) => `${base}/open-apis/authen/v1/authorize?${new URLSearchParams({
  client_id: clientId, response_type: 'code', redirect_uri: callback, scope: `${SCOPE} offline_access`,
  state: 'a/b c', code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  code_challenge_method: 'S256', ...more })}`

const chromium = await openBrowser()
try {
  await firstPassword()
  await theWholeFlow()
  await refusal()
  await secondFactorPage()
  await keyboardOrder()
  await longNames()
  await photographAll()
} finally {
  await chromium.close()
  await server.stop()
  home.close()
  client.close()
  await remove()
}
finish()

/** The administrator chooses a password with the link that the server printed. */
async function firstPassword() {
  const { context, page, complaints } = await visitor(chromium)
  await page.goto(server.first_password_link)
  await page.keyboard.type('short')
  await page.keyboard.press('Tab')
  await page.keyboard.type('short')
  await page.screenshot({ path: path.join(photographs, 'choose-password-typed.png'), fullPage: true })
  await page.getByLabel('New password').fill(PASSWORD)
  await page.getByLabel('The same again').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/sign-in?done=password*')
  check('the first administrator chooses a password with the printed link', await page.getByRole('status').isVisible())
  check('the browser has nothing to complain about', complaints.length === 0, complaints)
  await context.close()
}

/** Keyboard alone, no scripts: sign in, allow, code, token. */
async function theWholeFlow() {
  const { context, page, complaints } = await visitor(chromium)
  await page.goto(authorize())
  check('the cursor is where typing begins', await focused(page) === 'name', await focused(page))
  await page.keyboard.type('1')
  await page.keyboard.press('Tab')
  await page.keyboard.type('not the password')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').waitFor()
  check('a wrong password is explained, and the cursor waits in the password', await focused(page) === 'password')
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Allow access?' }).waitFor()
  await page.screenshot({ path: path.join(photographs, 'consent-first-en.png'), fullPage: true })
  check('the consent page says what for', (await page.textContent('main')).includes('see who uses which application'))
  await tabTo(page, 'Allow')
  await page.keyboard.press('Enter')
  await page.waitForURL(`http://localhost:${home.port}/`)
  check('the browser followed the client to another host', true)
  const answered = received.at(-1)?.searchParams
  check('the client received its state unchanged', answered?.get('state') === 'a/b c', answered)
  check('with the keyboard alone and without scripts, nothing to complain about', ours(complaints).length === 0, complaints)
  await redeem(answered?.get('code'))

  await page.goto(authorize({ state: 'again' }))
  await page.waitForURL(`http://localhost:${home.port}/`)
  check('what was allowed is remembered', received.at(-1).searchParams.has('code'))
  await context.close()
}

/** The code becomes a token, and the token reads the list. */
async function redeem(code) {
  const form = new URLSearchParams({ grant_type: 'authorization_code', client_id: clientId,
    client_secret: clientSecret, code, redirect_uri: callback, code_verifier: verifier })
  const answer = await (await fetch(`${base}/oauth/v3/token`, { method: 'POST', body: form })).json()
  check('the code becomes a token with what was allowed', answer.scope?.split(' ').includes(SCOPE), JSON.stringify(answer))
  const list = await fetch(`${base}/open-apis/apaas/v1/seat_activities?seat_type=per_user&page_size=10`,
    { headers: { authorization: `Bearer ${answer.access_token}` } })
  check('the token reads the list', list.status === 200, await list.text())
}

/** The person says no. */
async function refusal() {
  const { context, page } = await visitor(chromium)
  await signIn(page, authorize({ prompt: 'consent', state: 'no' }))
  await page.getByRole('button', { name: 'Refuse' }).click()
  await page.waitForURL(`http://localhost:${home.port}/`)
  const answered = received.at(-1).searchParams
  check('a refusal reaches the client', answered.get('error') === 'access_denied' && answered.get('state') === 'no', answered)
  await context.close()
}

/** The picture of a new second factor is there under the page's own policy. */
async function secondFactorPage() {
  const { context, page, complaints } = await visitor(chromium)
  await signIn(page, `${base}/sign-in`)
  await page.getByRole('link', { name: 'Set up an authenticator app' }).click()
  const box = await page.locator('svg').boundingBox()
  check('the picture of the key is drawn', box !== null && box.width > 100 && box.height > 100, JSON.stringify(box))
  check('the policy lets it', ours(complaints).length === 0, complaints)
  await context.close()
}

/** Names as long as they may be, without a place to break: they stay inside their page, in both widths. */
async function longNames() {
  const name = `Quartalsauswertungsprogramm${'Nutzungsnachweis'.repeat(6)}${'席位使用情况报告'.repeat(8)}`
  const made = await usher('client', 'create', name, '--open', SCOPE, '--redirect-uri', `${callback}-long`, '--data', data)
  const person = `${'Wolfeschlegelsteinhausenbergerdorff'.repeat(3)} ${'欧阳'.repeat(30)}`
  await usher('user', 'update', '1', '--name', person, '--data', data)
  for (const [width, look] of [[1100, 'wide'], [360, 'phone'], [320, 'small-phone']]) {
    const { context, page } = await visitor(chromium, { viewport: { width, height: 800 } })
    const address = authorize({ client_id: made.client_id, redirect_uri: `${callback}-long`, scope: SCOPE, prompt: 'consent' })
    await page.goto(address)
    const over = []
    for (const what of ['sign-in', 'consent', 'account']) {
      if (what === 'consent') await signIn(page, address)
      if (what === 'account') await page.goto(`${base}/account`)
      await page.screenshot({ path: path.join(photographs, `${what}-long-names-${look}.png`), fullPage: true })
      const overflow = await page.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth)
      if (overflow > 0) over.push(`${what}: ${overflow}px`)
    }
    check(`long names stay inside: ${look}`, over.length === 0, over.join(', '))
    await context.close()
  }
  await usher('user', 'update', '1', '--name', 'System administrator', '--data', data)
}

/** Tab goes through everything there is to do, in the order it is read, and each place shows that it has the focus. */
async function keyboardOrder() {
  const { context, page } = await visitor(chromium)
  await signIn(page, authorize({ prompt: 'consent' }))
  const expected = ['Usher', '中文', 'Allow', 'Refuse', 'Use another account']
  const seen = []
  for (const name of expected) {
    await page.keyboard.press('Tab')
    const at = page.locator(':focus')
    const ring = await at.evaluate((element) => {
      const style = getComputedStyle(element)
      return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
    })
    seen.push(`${(await at.textContent()).trim()}${ring ? '' : ' without a ring'}`)
    if (name === 'Allow') await page.screenshot({ path: path.join(photographs, 'consent-focus.png'), fullPage: true })
  }
  check('Tab goes through the consent page in order, with a ring around each place', seen.join() === expected.join(), seen.join())
  await context.close()
}

/** The smallest contrast of any text on a page with what is behind it (WCAG 2.2, 1.4.3 asks for 4.5). */
async function contrast(page) {
  return page.locator('body').evaluate((body) => {
    const light = (colour) => {
      const [r, g, b] = colour.match(/[\d.]+/g).slice(0, 3).map((part) => {
        const share = part / 255
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const behind = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const colour = getComputedStyle(at).backgroundColor
        if (colour !== 'rgba(0, 0, 0, 0)') return colour
      }
      return 'rgb(255, 255, 255)'
    }
    let least = { ratio: 21, text: '' }
    for (const element of body.querySelectorAll('*')) {
      if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue
      const [one, other] = [light(getComputedStyle(element).color), light(behind(element))]
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
      if (ratio < least.ratio) least = { ratio, text: element.textContent.trim().slice(0, 40) }
    }
    return least
  })
}

/** Every page in every look; each is measured: nothing reaches over the side of the window. */
async function photographAll() {
  const looks = []
  for (const language of ['en', 'zh-CN'])
    for (const colorScheme of ['light', 'dark'])
      for (const [width, name] of [[1100, 'wide'], [360, 'phone']])
        looks.push({ language, colorScheme, viewport: { width, height: 800 }, name: `${language}-${colorScheme}-${name}` })
  for (const { name, ...look } of looks) {
    const { context, page } = await visitor(chromium, look)
    const wide = []
    const pale = []
    const photograph = async (what) => {
      await page.screenshot({ path: path.join(photographs, `${what}-${name}.png`), fullPage: true })
      const overflow = await page.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth)
      if (overflow > 0) wide.push(`${what}: ${overflow}px`)
      const least = await contrast(page)
      if (least.ratio < 4.5) pale.push(`${what}: ${least.ratio.toFixed(2)} at "${least.text}"`)
    }
    await page.goto(`${base}/`)
    await photograph('start')
    await page.goto(authorize())
    await photograph('sign-in')
    await page.locator('#name').fill('1')
    await page.locator('#password').fill('not the password')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    await photograph('sign-in-refused')
    await signIn(page, authorize({ prompt: 'consent' }))
    await photograph('consent')
    await page.goto(authorize({ redirect_uri: 'https://evil.example/cb?<script>alert(1)</script>' }))
    await photograph('error-20029')
    await page.goto(authorize({ scope: `${SCOPE} contact:user.email:readonly` }))
    await photograph('error-20027')
    await page.goto(`${base}/account`)
    await photograph('account')
    await page.goto(`${base}/account/password`)
    await photograph('change-password')
    await page.goto(`${base}/account/second-factor`)
    await photograph('second-factor')
    await page.goto((await usher('user', 'link', '--data', data)).link)
    await photograph('choose-password')
    await page.goto(`${base}/link/${'A'.repeat(43)}`)
    await photograph('error-link')
    check(`the pages fit their window: ${name}`, wide.length === 0, wide.join(', '))
    check(`every text stands out from what is behind it: ${name}`, pale.length === 0, pale.join(', '))
    await context.close()
  }
  console.log(`photographs: ${photographs}`)
}

async function signIn(page, address) {
  await page.goto(address)
  await page.locator('#name').fill('1')
  await page.locator('#password').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.locator('#password').waitFor({ state: 'detached' })
}

async function focused(page) {
  return page.locator(':focus').getAttribute('id')
}

/** Presses Tab until a button of this name has the focus. */
async function tabTo(page, name) {
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press('Tab')
    const at = page.locator(':focus')
    if (await at.count() && (await at.textContent()).trim() === name) return
  }
  check(`the keyboard reaches ${name}`, false)
}

/** Complaints about what a page holds; that an answer was a refusal, such as a wrong password, is none. */
function ours(complaints) {
  return complaints.filter((complaint) => !complaint.startsWith('Failed to load resource: the server responded with'))
}
