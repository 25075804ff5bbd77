# authorization request
curl -sSi 'https://auth.example/authorize?client_id=a-client&state=state-value&nonce=nonce-value&code_challenge=GPXfFfmq30W8w5PWMLNtzZR2q9pxnxZ4FkY2A8xIsF4&code_challenge_method=S256&scope=openid'

# authorization response
curl -sSi 'http://localhost:3000/oauth_callback?code=code-value&state=state-value'

# token request
curl -sSi -X POST 'https://auth.example/token' \
  -H 'Accept: application/json' \
  -u 'a-client:'"$(printf %s "$CLIENT_SECRET" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g')" \
  --data-urlencode 'code=code-value' \
  --data-urlencode 'code_verifier=verifier-value' \
  --data-urlencode 'grant_type=authorization_code'

# userinfo
curl -sSi 'https://auth.example/userinfo' \
  -H 'Accept: application/json' \
  -H "Authorization: Bearer $ACCESS_TOKEN"

# API call
curl -sSi 'https://api.example/me?fields=all' \
  -H 'Accept: application/json' \
  -H "Authorization: Bearer $ACCESS_TOKEN"

# refresh
curl -sSi -X POST 'https://auth.example/token' \
  -H 'Accept: application/json' \
  -u 'a-client:'"$(printf %s "$CLIENT_SECRET" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g')" \
  --data-urlencode 'grant_type=refresh_token' \
  --data-urlencode "refresh_token=$REFRESH_TOKEN"

# authorization request
curl -sSi 'https://auth.example/authorize?client_id=a-client&state=state-value&nonce=nonce-value&code_challenge=GPXfFfmq30W8w5PWMLNtzZR2q9pxnxZ4FkY2A8xIsF4&code_challenge_method=S256&scope=openid'

# authorization response
curl -sSi 'http://localhost:3000/oauth_callback?code=code-value&state=state-value'

# token request
curl -sSi -X POST 'https://auth.example/token' \
  -H 'Accept: application/json' \
  -u 'a-client:'"$(printf %s "$CLIENT_SECRET" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g')" \
  --data-urlencode 'code=code-value' \
  --data-urlencode 'code_verifier=verifier-value' \
  --data-urlencode 'grant_type=authorization_code'

# userinfo
curl -sSi 'https://auth.example/userinfo' \
  -H 'Accept: application/json' \
  -H 'Authorization: Bearer access-token-0123456789abcdefghijklmnopqrstuvwxyz'

# API call
curl -sSi 'https://api.example/me?fields=all' \
  -H 'Accept: application/json' \
  -H 'Authorization: Bearer access-token-0123456789abcdefghijklmnopqrstuvwxyz'

# refresh
curl -sSi -X POST 'https://auth.example/token' \
  -H 'Accept: application/json' \
  -u 'a-client:'"$(printf %s "$CLIENT_SECRET" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g')" \
  --data-urlencode 'grant_type=refresh_token' \
  --data-urlencode 'refresh_token=refresh-token-0123456789abcdefghijklmnopqrstuvwxyz'

