curl -s -H 'Authorization: Bearer ACCESS_TOKEN' \
  'BASE/open-apis/apaas/v1/seat_activities?seat_type=per_user&page_size=100'
