curl -s -X POST 'BASE/usher/v1/accesses' \
  -H 'Authorization: Bearer SERVICE_TOKEN' -H 'Content-Type: application/json' \
  -d '{"user_id": 7, "namespace": "crm"}'
