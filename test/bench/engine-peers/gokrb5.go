// gokrb5: answers each line `ROW SECONDS` with what it did in that time, in JSON.
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

	"github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

type lab struct {
	Client, Service, Password, Keytab string
	Configs                           map[string]string
}

func main() {
	var at lab
	must(json.Unmarshal([]byte(os.Args[1]), &at))
	name, realm, _ := strings.Cut(at.Client, "@")
	service, _, _ := strings.Cut(at.Service, "@")
	conf, err := config.Load(at.Configs["timestamp"])
	must(err)
	keys, err := keytab.Load(strings.TrimPrefix(at.Keytab, "FILE:"))
	must(err)

	// The second time on, a client of gokrb5's leaves the KDC's first word out; so each is a new one, as elsewhere.
	login := func(cl *client.Client) messages.ASRep {
		request, err := messages.NewASReqForTGT(realm, conf, cl.Credentials.CName())
		must(err)
		reply, err := cl.ASExchange(realm, request, 0)
		must(err)
		return reply
	}
	byKeytab := func() *client.Client { return client.NewWithKeytab(name, realm, keys, conf) }
	rows := map[string]func() func(){
		"keytab":   func() func() { return func() { login(byKeytab()) } },
		"password": func() func() { return func() { login(client.NewWithPassword(name, realm, at.Password, conf)) } },
		"tgs": func() func() {
			cl := byKeytab()
			tgt := login(cl)
			spn := types.NewPrincipalName(nametype.KRB_NT_SRV_INST, service)
			return func() {
				_, _, err := cl.TGSREQGenerateAndExchange(spn, realm, tgt.Ticket, tgt.DecryptedEncPart.Key, false)
				must(err)
			}
		},
	}

	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var row string
		var seconds float64
		_, err := fmt.Sscan(lines.Text(), &row, &seconds)
		must(err)
		if rows[row] == nil {
			fmt.Println("{}")
			continue
		}
		once := rows[row]()
		start, used, done := time.Now(), cpu(), 0
		for time.Since(start).Seconds() < seconds {
			once()
			done++
		}
		fmt.Printf("{\"done\":%d,\"seconds\":%f,\"cpu\":%f}\n", done, time.Since(start).Seconds(), cpu()-used)
	}
}

func cpu() float64 {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(usage.Utime) + seconds(usage.Stime)
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
