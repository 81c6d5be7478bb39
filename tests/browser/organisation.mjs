// An organisation that has been at work for half a year, for photographs: people with names of its language, platform seats and
// seats for single apps, habits, a waiting list, groups, leaves, protected seats. Nothing in it is left to chance.
import { writeFile } from 'node:fs/promises'
import path from 'node:path'

const DAY_MS = 24 * 60 * 60 * 1000
const FIRST_NUMBER = 1001
const PEOPLE = 240
const HISTORY_DAYS = 200
const NAMES = {
  en: {
    organisation: 'Northwind Trading',
    given: ['Amelia', 'Noah', 'Priya', 'Lucas', 'Mei', 'Oliver', 'Sofia', 'Elias', 'Hannah', 'Mateo', 'Ines', 'Jonas', 'Aiko', 'Daniel', 'Clara', 'Omar'],
    family: ['Bennett', 'Okafor', 'Rossi', 'Larsen', 'Chen', 'Novak', 'Silva', 'Haddad', 'Kowalski', 'Murphy', 'Tanaka', 'Weber', 'Costa', 'Ivanova', 'Martin'],
    full: (given, family) => `${given} ${family}`,
    apps: { crm: 'Customers', wiki: 'Handbook', design: 'Design studio', finance: 'Finance', projects: 'Projects' },
    groups: { sales: 'Sales', design: 'Design', finance: 'Finance' },
    reasons: ['Needed for the yearly audit', 'Returns from parental leave in spring'],
    client: 'Seat report',
  },
  'zh-CN': {
    organisation: '远山贸易',
    given: ['雷', '梅', '晓明', '佳怡', '子轩', '思远', '雨桐', '浩然', '静', '文博', '欣妍', '俊杰', '海燕', '志强', '诗涵', '一鸣'],
    family: ['李', '王', '张', '刘', '陈', '杨', '赵', '黄', '周', '吴', '徐', '孙', '林', '何', '郭'],
    full: (given, family) => `${family}${given}`,
    apps: { crm: '客户管理', wiki: '员工手册', design: '设计工作室', finance: '财务', projects: '项目' },
    groups: { sales: '销售部', design: '设计部', finance: '财务部' },
    reasons: ['年度审计需要', '春季休假归来'],
    client: '席位报表',
  },
}
const NAMESPACES = ['crm', 'wiki', 'design', 'finance', 'projects']

/** Numbers that look drawn and are the same each time. */
function dice(seed) {
  let state = seed
  return () => { state = (state * 1_103_515_245 + 12_345) % 2_147_483_648; return state / 2_147_483_648 }
}

const day = (timeMs) => new Date(timeMs).toISOString().slice(0, 10)

/** The days before now on which somebody came: most not at weekends; who left off came last so many days ago. */
function visits(index, draw, nowMs) {
  const left = index % 7 === 3 ? 95 + (index * 5) % 80 : index % 11 === 5 ? 35 + index % 50 : 0
  const waits = index >= 228 && index % 3 === 0
  if (waits || index % 23 === 9) return []
  const every = [0.85, 0.6, 0.35, 0.15, 0.75][index % 5]
  const came = []
  for (let days = HISTORY_DAYS; days >= left; days -= 1) {
    const weekday = new Date(nowMs - days * DAY_MS).getUTCDay()
    const joined = days < HISTORY_DAYS - (index * 13) % 120
    if (joined && draw() < every * (weekday % 6 === 0 ? 0.12 : 1)) came.push(days)
  }
  return came
}

/** Makes all of it on a running server and gives the numbers of people worth looking at. */
export async function organisation({ data, base, language, usher, folder }) {
  const words = NAMES[language]
  const nowMs = Date.now()
  const numbers = Array.from({ length: PEOPLE }, (_, index) => FIRST_NUMBER + index)
  const table = async (what, lines, ...more) => {
    const file = path.join(folder, `${what}.csv`)
    await writeFile(file, `${lines.join('\n')}\n`)
    await usher('import', what, file, ...more, '--data', data)
  }
  await usher('tenant', 'update', 'default', '--name', words.organisation, '--data', data)
  await usher('user', 'update', '1', '--name', language === 'en' ? 'Robin Adams' : '宋安', '--data', data)
  await table('users', ['user_id,name,external_id', ...numbers.map((number, index) => {
    const full = words.full(words.given[index % 16], words.family[(index * 7) % 15])
    return `${number},${full},u${number}@example.com`
  })])
  await table('apps', ['namespace,name', ...NAMESPACES.map((app) => `${app},${words.apps[app]}`)])
  const routes = path.join(folder, 'routes.jsonl')
  await writeFile(routes, NAMESPACES.map((app) => JSON.stringify({ change: 'app_route', namespace: app, host: `${app}.example.com` })).join('\n'))
  await usher('apply', routes, '--data', data)
  await pools(usher, data, nowMs)
  const given = (index) => day(nowMs - (HISTORY_DAYS - (index * 13) % 120) * DAY_MS)
  const platform = numbers.map((number, index) => [number, index]).filter(([, index]) => index < 186)
  const single = numbers.map((number, index) => [number, index]).filter(([, index]) => index >= 176)
  await table('seats', ['user_id,seat_type,namespace,assigned_at,expires_at',
    ...platform.map(([number, index]) => `${number},per_user,,${given(index)},${index % 9 === 4 ? day(nowMs + (30 + index) * DAY_MS) : ''}`),
    ...single.map(([number, index]) => `${number},per_user_per_app,${NAMESPACES[[0, 2, 3][index % 3]]},${given(index)},`)], '--wait')
  await accesses(table, { numbers, nowMs })
  await groups({ usher, data, numbers, words })
  await usher('user', 'leave', 'add', String(numbers[3]), '--from', day(nowMs - 60 * DAY_MS), '--until', day(nowMs + 20 * DAY_MS), '--data', data)
  await usher('seat', 'protect', `per_user:${numbers[10]}`, '--reason', words.reasons[0], '--data', data)
  await usher('seat', 'protect', `per_user:${numbers[17]}`, '--reason', words.reasons[1], '--data', data)
  await usher('seat', 'release', `per_user:${numbers[24]}`, '--reason', words.reasons[0], '--data', data)
  const client = await usher('client', 'create', words.client, '--open',
    'app_engine:seat_activities:read,app_engine:seat_assignments:read', '--data', data)
  await gatewayVisits(base, numbers)
  return { idle: numbers[31], busy: numbers[0], away: numbers[3], protected: numbers[10], client: client.client_id }
}

async function pools(usher, data, nowMs) {
  const until = day(nowMs + 120 * DAY_MS)
  const bought = [['per_user', '220', '240'], ['per_user_per_app:crm', '17', '180'], ['per_user_per_app:design', '24', '300'], ['per_user_per_app:finance', '30', '150']]
  for (const [pool, count, price] of bought)
    await usher('pool', 'set', pool, '--bought', count, '--valid-until', until, '--price', price, '--currency', 'CNY', '--per', 'year', '--data', data)
}

async function accesses(table, { numbers, nowMs }) {
  const draw = dice(20_261_123)
  const lines = []
  numbers.forEach((number, index) => {
    for (const days of visits(index, draw, nowMs)) {
      const app = index < 186 ? NAMESPACES[(index + (draw() < 0.6 ? 0 : 1)) % 5] : NAMESPACES[[0, 2, 3][index % 3]]
      lines.push([nowMs - days * DAY_MS - Math.floor(draw() * 8 * 60 * 60 * 1000) - 60_000, number, app])
    }
  })
  lines.sort((one, other) => one[0] - other[0])
  await table('accesses', ['time_ms,user_id,namespace', ...lines.map((line) => line.join(','))])
}

async function groups({ usher, data, numbers, words }) {
  for (const [place, key] of ['sales', 'design', 'finance'].entries()) {
    await usher('group', 'create', key, '--name', words.groups[key], '--data', data)
    await usher('group', 'add', key, ...numbers.slice(place * 20, place * 20 + 12).map(String), '--data', data)
  }
  await usher('group', 'give', 'sales', 'per_user', '--data', data)
}

/** What a gateway would ask: somebody with a seat, somebody without, nobody. */
async function gatewayVisits(base, numbers) {
  for (const [number, host] of [[numbers[0], 'crm.example.com'], [numbers[5], 'wiki.example.com'], [1, 'crm.example.com'], [null, 'finance.example.com'], [numbers[8], 'projects.example.com']])
    await fetch(`${base}/usher/v1/forward-auth`, { headers: { 'x-forwarded-host': host, 'x-forwarded-uri': '/start', ...(number ? { 'x-forwarded-user': String(number) } : {}) } })
}
