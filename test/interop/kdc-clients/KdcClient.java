// Java's own Kerberos: logs in by JAAS, opens contexts by JGSS, and says what comes of it.
//
//   java KdcClient.java password|keytab NAME PASSWORD|KEYTAB ACTION...
//
// Actions, one after the other:
//   show                                  what the ticket-granting ticket is like
//   renew                                 renews it
//   open SERVICE KEYTAB                   opens a context with a service, and says whom that takes it for
//   forward SERVICE KEYTAB NEXT KEYTAB    has the service go on to the next with the forwarded ticket
//   behalf USER SERVICE KEYTAB            opens a context with a service in the name of a user (S4U2Self, S4U2Proxy)

import com.sun.security.jgss.ExtendedGSSCredential;
import java.security.PrivilegedExceptionAction;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import javax.security.auth.Subject;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.CallbackHandler;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.auth.kerberos.KerberosTicket;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.AppConfigurationEntry.LoginModuleControlFlag;
import javax.security.auth.login.Configuration;
import javax.security.auth.login.LoginContext;
import org.ietf.jgss.GSSContext;
import org.ietf.jgss.GSSCredential;
import org.ietf.jgss.GSSManager;
import org.ietf.jgss.GSSName;
import org.ietf.jgss.MessageProp;
import org.ietf.jgss.Oid;

@SuppressWarnings("removal")
public final class KdcClient {
    private static final GSSManager MANAGER = GSSManager.getInstance();
    private static Oid krb5;

    public static void main(String[] args) throws Exception {
        krb5 = new Oid("1.2.840.113554.1.2.2");
        Iterator<String> words = List.of(args).iterator();
        Subject user = login(words.next(), words.next(), words.next(), true);
        while (words.hasNext()) {
            switch (words.next()) {
                case "show" -> show(ticketOf(user));
                case "renew" -> {
                    ticketOf(user).refresh();
                    System.out.println("renewed");
                }
                case "open" -> as(user, () -> open(own(), words.next(), words.next()));
                case "forward" -> as(user, () -> {
                    GSSCredential delegated = open(own(), words.next(), words.next());
                    open(delegated, words.next(), words.next());
                    return null;
                });
                case "behalf" -> as(user, () -> {
                    GSSName other = MANAGER.createName(words.next(), GSSName.NT_USER_NAME);
                    open(((ExtendedGSSCredential) own()).impersonate(other), words.next(), words.next());
                    return null;
                });
                default -> throw new IllegalArgumentException("no such action");
            }
        }
    }

    private static void show(KerberosTicket ticket) {
        System.out.printf("%s for %s, forwardable %b, renewable %b, enctype %d%n",
            ticket.getServer(), ticket.getClient(), ticket.isForwardable(), ticket.isRenewable(),
            ticket.getSessionKeyType());
    }

    /** What the service was given to go on with, if anything. */
    private static GSSCredential open(GSSCredential credential, String service, String keytab) throws Exception {
        GSSContext client = MANAGER.createContext(
            MANAGER.createName(service, GSSName.NT_USER_NAME), krb5, credential, GSSContext.DEFAULT_LIFETIME);
        client.requestMutualAuth(true);
        client.requestCredDeleg(true);
        byte[] first = client.initSecContext(new byte[0], 0, 0);
        return as(login("keytab", service, keytab, false), () -> {
            GSSContext server = MANAGER.createContext(
                MANAGER.createCredential(null, GSSCredential.INDEFINITE_LIFETIME, krb5, GSSCredential.ACCEPT_ONLY));
            byte[] answer = server.acceptSecContext(first, 0, first.length);
            client.initSecContext(answer, 0, answer.length);
            byte[] sealed = client.wrap("hello".getBytes(), 0, 5, new MessageProp(true));
            String read = new String(server.unwrap(sealed, 0, sealed.length, new MessageProp(true)));
            System.out.printf("%s hears %s of %s%n", service, read, server.getSrcName());
            return server.getCredDelegState() ? server.getDelegCred() : null;
        });
    }

    private static GSSCredential own() throws Exception {
        return MANAGER.createCredential(null, GSSCredential.DEFAULT_LIFETIME, krb5, GSSCredential.INITIATE_ONLY);
    }

    private static <T> T as(Subject subject, PrivilegedExceptionAction<T> action) throws Exception {
        return Subject.doAs(subject, action);
    }

    private static KerberosTicket ticketOf(Subject subject) {
        return subject.getPrivateCredentials(KerberosTicket.class).iterator().next();
    }

    private static Subject login(String kind, String name, String secret, boolean initiates) throws Exception {
        Map<String, String> options = new HashMap<>(Map.of("principal", name, "isInitiator", "" + initiates));
        if (kind.equals("keytab")) {
            options.putAll(Map.of("useKeyTab", "true", "keyTab", secret, "storeKey", "true", "doNotPrompt", "true"));
        }
        CallbackHandler answers = callbacks -> {
            for (Callback callback : callbacks) {
                if (callback instanceof NameCallback asked) asked.setName(name);
                if (callback instanceof PasswordCallback asked) asked.setPassword(secret.toCharArray());
            }
        };
        LoginContext context = new LoginContext("krb5kit", new Subject(), answers, new Configuration() {
            @Override
            public AppConfigurationEntry[] getAppConfigurationEntry(String ignored) {
                String module = "com.sun.security.auth.module.Krb5LoginModule";
                return new AppConfigurationEntry[] {
                    new AppConfigurationEntry(module, LoginModuleControlFlag.REQUIRED, options)
                };
            }
        });
        context.login();
        return context.getSubject();
    }
}
