// npm install @larksuiteoapi/node-sdk
import * as lark from '@larksuiteoapi/node-sdk'

const client = new lark.Client({ appId: 'CLIENT_ID', appSecret: 'CLIENT_SECRET', domain: 'BASE' })
const answer = await client.request(
  { method: 'GET', url: '/open-apis/apaas/v1/seat_activities', params: { seat_type: 'per_user', page_size: 100 } },
  lark.withUserAccessToken('ACCESS_TOKEN'))
console.log(answer.data.items)
