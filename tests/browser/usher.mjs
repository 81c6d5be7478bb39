// Runs the real `usher` program and a real Chromium for the checks in this folder, and reports them.
//
// Nothing here knows how Usher works inside: it starts the program, reads what it prints, and looks at pages as a
// person would. playwright-core comes from the folder named in BROWSER_MODULES (.build/browser).
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import readline from 'node:readline'
import { promisify } from 'node:util'

/** The repository. */
export const root = path.resolve(import.meta.dirname, '../..')
const program = process.env.USHER_PROGRAM ?? path.join(root, 'target/debug/usher')
const modules = process.env.BROWSER_MODULES ?? path.join(root, '.build/browser')
const { chromium } = createRequire(path.join(modules, 'package.json'))('playwright-core')

// A whole run takes seconds; this only ends one that would otherwise hang for ever.
const PATIENCE_MS = 60_000
// Chromium as root needs no sandbox of its own; the rest keeps it from speaking to anybody but us.
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync']

let failed = 0

/** One check; `./test` counts the `ok:` and `FAILED:` lines. */
export function check(name, right, seen) {
  if (right) console.log(`ok: ${name}`)
  else {
    failed += 1
    console.log(`FAILED: ${name}${seen === undefined ? '' : `\n   seen: ${seen}`}`)
  }
}

/** Ends the run with what was found. */
export function finish() {
  process.exitCode = failed === 0 ? 0 : 1
}

const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('USHER_')))

/** Runs one command to its end and gives its standard output. */
export async function plainly(...words) {
  return (await promisify(execFile)(program, words, { env: environment, timeout: PATIENCE_MS })).stdout
}

/** Runs one command to its end and gives its standard output as JSON. */
export async function usher(...words) {
  return JSON.parse((await plainly(...words, '--json')).trim().split('\n').at(-1))
}

/** Begins a command that says something on standard error before it ends: `firstError` is that line as JSON, `ended` its
 * exit code and the last line of standard output. */
export function begin(words, more = {}) {
  const child = spawn(program, [...words, '--json'],
    { env: { ...environment, ...more }, stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE_MS })
  const errors = readline.createInterface({ input: child.stderr })
  const firstError = new Promise((resolve) => errors.once('line', (line) => resolve(JSON.parse(line))))
  let last
  readline.createInterface({ input: child.stdout }).on('line', (line) => { last = line })
  const ended = new Promise((resolve) => child.once('close', (code) => resolve({ code, said: last && JSON.parse(last) })))
  return { firstError, ended }
}

/** A new folder, and how it goes again. */
export async function newFolder() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'usher-browser-'))
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

/** `usher serve` on a data folder and a port of its own choice; gives what it announces, and a way to stop it. */
export async function serve(data) {
  const child = spawn(program, ['serve', '--json', '--listen', '127.0.0.1:0', '--data', data],
    { env: environment, stdio: ['ignore', 'pipe', 'ignore'] })
  const lines = readline.createInterface({ input: child.stdout })
  const announced = await new Promise((resolve, reject) => {
    lines.once('line', (line) => resolve(JSON.parse(line)))
    child.once('exit', (code) => reject(new Error(`usher serve ended with ${code}`)))
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  return { ...announced, stop: () => { child.kill('SIGTERM'); return ended } }
}

/** A small server of a client; `answer` handles each request. */
export async function listen(answer) {
  const server = http.createServer(answer)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: server.address().port, close: () => { server.closeAllConnections(); server.close() } }
}

/** Chromium with a profile that nobody used before. */
export async function browser() {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGUMENTS, timeout: PATIENCE_MS })
}

/** A fresh visitor: `language` as the browser asks for it, no scripts, and every complaint of the browser written down. */
export async function visitor(chromiumBrowser, options = {}) {
  const { language = 'en', ...more } = options
  const context = await chromiumBrowser.newContext({ locale: language, javaScriptEnabled: false, ...more })
  context.setDefaultTimeout(PATIENCE_MS)
  const page = await context.newPage()
  const complaints = []
  page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()) })
  page.on('pageerror', (error) => complaints.push(String(error)))
  return { context, page, complaints }
}
