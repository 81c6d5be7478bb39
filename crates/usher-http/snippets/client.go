// go get github.com/larksuite/oapi-sdk-go/v3
package main

import (
	"context"
	"fmt"

	lark "github.com/larksuite/oapi-sdk-go/v3"
	larkcore "github.com/larksuite/oapi-sdk-go/v3/core"
)

func main() {
	client := lark.NewClient("CLIENT_ID", "CLIENT_SECRET", lark.WithOpenBaseUrl("BASE"))
	answer, err := client.Get(context.Background(),
		"/open-apis/apaas/v1/seat_activities?seat_type=per_user&page_size=100",
		nil, larkcore.AccessTokenTypeUser, larkcore.WithUserAccessToken("ACCESS_TOKEN"))
	if err != nil {
		panic(err)
	}
	fmt.Println(string(answer.RawBody))
}
