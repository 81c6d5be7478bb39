-- /etc/haproxy/usher.lua, for HAProxy 2.6 or later with Lua
core.register_action("usher", { "http-req" }, function(visit)
  local asked = visit.http:req_get_headers()
  local answer = core.httpclient():get{
    url = "BASE/usher/v1/forward-auth",
    timeout = 5000,
    headers = {
      ["x-forwarded-host"] = asked["host"],
      ["x-forwarded-uri"] = { visit.f:pathq() },
      ["LOWER_CASE_USER_HEADER"] = asked["LOWER_CASE_USER_HEADER"],
SECRET_ONLY      ["x-usher-gateway-secret"] = { "GATEWAY_SECRET" },
      ["accept-language"] = asked["accept-language"],
    },
  }
  if answer.status ~= 200 then
    visit:done(visit:reply{
      status = answer.status,
      headers = { ["content-type"] = answer.headers["content-type"] },
      body = answer.body,
    })
  end
  for _, name in ipairs({ "x-usher-user", "x-usher-app", "x-usher-seat-type" }) do
    visit.http:req_set_header(name, answer.headers[name][0])
  end
  visit:set_var("txn.usher_admitted", true)
end, 0)
