// gokrb5: logs in, gets tickets, and says what comes of it.
//
//	client password|keytab NAME REALM PASSWORD|KEYTAB ACTION...
//
// Actions, one after the other:
//
//	show                what the ticket-granting ticket is like
//	renew               renews it
//	open SERVICE KEYTAB has a service of gokrb5's verify a ticket for it, and say what it is told of the client
//	change PASSWORD     changes the password
package main

import (
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/iana/flags"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/service"
	"github.com/jcmturner/gokrb5/v8/types"
)

type session struct {
	client *client.Client
	realm  string
	// Its ticket-granting ticket.
	ticket messages.Ticket
	part   messages.EncKDCRepPart
}

func main() {
	words := os.Args[1:]
	next := func() string {
		word := words[0]
		words = words[1:]
		return word
	}
	conf, err := config.Load(os.Getenv("KRB5_CONFIG"))
	must(err)
	at := login(conf, next(), next(), next(), next())
	for len(words) > 0 {
		switch action := next(); action {
		case "show":
			at.show()
		case "renew":
			at.renew()
		case "open":
			at.open(next(), next())
		case "change":
			_, err := at.client.ChangePasswd(next())
			must(err)
			fmt.Println("changed")
		default:
			log.Fatal("no such action: ", action)
		}
	}
}

func login(conf *config.Config, kind, name, realm, secret string) *session {
	var cl *client.Client
	if kind == "keytab" {
		keys, err := keytab.Load(secret)
		must(err)
		cl = client.NewWithKeytab(name, realm, keys, conf)
	} else {
		cl = client.NewWithPassword(name, realm, secret, conf)
	}
	request, err := messages.NewASReqForTGT(realm, conf, cl.Credentials.CName())
	must(err)
	reply, err := cl.ASExchange(realm, request, 0)
	must(err)
	must(cl.Login())
	return &session{cl, realm, reply.Ticket, reply.DecryptedEncPart}
}

func (at *session) show() {
	is := func(flag int) bool { return types.IsFlagSet(&at.part.Flags, flag) }
	fmt.Printf("%s@%s, forwardable %t, renewable %t, enctype %d\n", at.part.SName.PrincipalNameString(), at.part.SRealm,
		is(flags.Forwardable), is(flags.Renewable), at.part.Key.KeyType)
}

func (at *session) renew() {
	tgs := types.NewPrincipalName(nametype.KRB_NT_SRV_INST, "krbtgt/"+at.realm)
	_, reply, err := at.client.TGSREQGenerateAndExchange(tgs, at.realm, at.ticket, at.part.Key, true)
	must(err)
	if reply.DecryptedEncPart.EndTime.Before(at.part.EndTime) {
		log.Fatal("the renewed ticket ends before the first")
	}
	at.ticket, at.part = reply.Ticket, reply.DecryptedEncPart
	fmt.Println("renewed")
}

func (at *session) open(name, path string) {
	ticket, key, err := at.client.GetServiceTicket(name)
	must(err)
	authenticator, err := types.NewAuthenticator(at.client.Credentials.Domain(), at.client.Credentials.CName())
	must(err)
	request, err := messages.NewAPReq(ticket, key, authenticator)
	must(err)
	keys, err := keytab.Load(path)
	must(err)
	ok, who, err := service.VerifyAPREQ(&request, service.NewSettings(keys, service.DecodePAC(true)))
	must(err)
	if !ok {
		log.Fatal("the ticket is not valid")
	}
	fmt.Printf("%s hears of %s@%s%s\n", name, who.UserName(), who.Domain(), account(who))
}

func account(who *credentials.Credentials) string {
	known := who.GetADCredentials()
	if known.UserID == 0 {
		return ""
	}
	return fmt.Sprintf(", number %d of %s, in %s", known.UserID, known.LogonDomainName,
		strings.Join(known.GroupMembershipSIDs, " "))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
