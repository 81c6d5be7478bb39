// Plays the person at the authorize page in a real browser: signs in if asked, allows the client, and prints the address
// the person was sent back to. Settings from the environment: AUTHORIZE_URL, PERSON_NAME, PERSON_PASSWORD.
import { chromium } from 'playwright-core'

const { AUTHORIZE_URL, PERSON_NAME, PERSON_PASSWORD } = process.env
const home = new URL(new URL(AUTHORIZE_URL).searchParams.get('redirect_uri'))
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
})
try {
  const page = await browser.newPage()
  const arrived = new Promise(resolve => page.route(at => at.origin === home.origin, route => {
    resolve(route.request().url())
    return route.fulfill({ status: 200, contentType: 'text/plain', body: 'back' })
  }))
  await page.goto(AUTHORIZE_URL)
  if (await page.locator('#password').count()) {
    await page.fill('#name', PERSON_NAME)
    await page.fill('#password', PERSON_PASSWORD)
    await page.click('form[action="/sign-in"] button[type=submit]')
  }
  const allow = page.locator('button[name=decision][value=allow]')
  await Promise.race([allow.waitFor(), arrived])
  if (await allow.count()) await allow.click()
  console.log(await arrived)
} finally {
  await browser.close()
}
