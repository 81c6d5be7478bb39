# pip install lark-oapi
import lark_oapi as lark
from lark_oapi.api.apaas.v1 import ListSeatActivityRequest

client = lark.Client.builder().app_id("CLIENT_ID").app_secret("CLIENT_SECRET").domain("BASE").enable_set_token(True).build()
option = lark.RequestOption.builder().user_access_token("ACCESS_TOKEN").build()
request = ListSeatActivityRequest.builder().seat_type("per_user").page_size(100).build()
answer = client.apaas.v1.seat_activity.list(request, option)
for item in answer.data.items or []:
    print(lark.JSON.marshal(item))
