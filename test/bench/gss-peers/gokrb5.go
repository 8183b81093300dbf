// gokrb5: answers each line `ROW SECONDS` with what it did in that time, in JSON. It remembers requests in memory.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/service"
	"github.com/jcmturner/gokrb5/v8/types"
)

const batch = 1000

type lab struct {
	Service, Keytab, Ccache string
}

func main() {
	var at lab
	must(json.Unmarshal([]byte(os.Args[1]), &at))
	keys, err := keytab.Load(at.Keytab)
	must(err)
	cache, err := credentials.LoadCCache(at.Ccache)
	must(err)
	name, _, _ := strings.Cut(at.Service, "@")
	credential, ok := cache.GetEntry(types.NewPrincipalName(nametype.KRB_NT_PRINCIPAL, name))
	if !ok {
		log.Fatal("there is no ticket for ", name)
	}
	var ticket messages.Ticket
	must(ticket.Unmarshal(credential.Ticket))
	settings := service.NewSettings(keys, service.DecodePAC(false))

	prepare := func() []byte {
		authenticator, err := types.NewAuthenticator(cache.GetClientRealm(), cache.GetClientPrincipalName())
		must(err)
		request, err := messages.NewAPReq(ticket, credential.Key, authenticator)
		must(err)
		bytes, err := request.Marshal()
		must(err)
		return bytes
	}
	accept := func(bytes []byte) {
		var request messages.APReq
		must(request.Unmarshal(bytes))
		ok, _, err := service.VerifyAPREQ(&request, settings)
		must(err)
		if !ok {
			log.Fatal("refused")
		}
	}

	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var row string
		var atLeast, seconds, used float64
		_, err := fmt.Sscan(lines.Text(), &row, &atLeast)
		must(err)
		if row != "ap-usual" {
			fmt.Println("{}")
			continue
		}
		done := 0
		for seconds < atLeast {
			var requests [batch][]byte
			for i := range requests {
				requests[i] = prepare()
			}
			start, before := time.Now(), cpu()
			for _, request := range requests {
				accept(request)
			}
			seconds += time.Since(start).Seconds()
			used += cpu() - before
			done += batch
		}
		fmt.Printf("{\"done\":%d,\"seconds\":%f,\"cpu\":%f}\n", done, seconds, used)
	}
}

func cpu() float64 {
	var used syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
