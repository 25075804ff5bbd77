# Runs the portal of LemonLDAP::NG as an OpenID Connect server, from Debian's
# liblemonldap-ng-portal-perl and libplack-perl:
#
#   perl lemonldap.pl CONFIGURATION REDIRECT_URI
#
# It listens on a free port of 127.0.0.1, prints its settings as one line of JSON, and ends when its
# standard input does. It answers JSON to whoever takes JSON, and asks the user to sign in before it looks
# at the request.
use strict;
use warnings;

use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use HTTP::Server::PSGI;
use IO::Socket::INET;
use JSON;

my ( $name, $redirect_uri ) = @ARGV;
my ( $client_id, $other_id ) = ( 'interop-client', 'other-client' );    # with the same secret
my %confidential = ( oidcRPMetaDataOptionsClientSecret => 's3cr3t-without-special-characters' );
my %configurations = (
    'confidential'     => {%confidential},
    'special'          => { oidcRPMetaDataOptionsClientSecret => 's3cr3t/with+special:characters %&=' },
    'public'           => { oidcRPMetaDataOptionsPublic => 1 },
    'jwt-access-token' => { %confidential, oidcRPMetaDataOptionsAccessTokenJWT => 1 },
    'hs256'            => { %confidential, oidcRPMetaDataOptionsIDTokenSignAlg => 'HS256' },
    'no-code-flow'     => { %confidential, flow => 0 },
);
my %chosen = %{ $configurations{$name} || die "no configuration named $name; there are: @{[sort keys %configurations]}\n" };
my $flow = delete $chosen{flow} // 1;

my $socket = IO::Socket::INET->new( Listen => 64, LocalAddr => '127.0.0.1', LocalPort => 0 ) or die $!;
my $issuer = 'http://localhost:' . $socket->sockport;
my $folder = tempdir();
mkdir "$folder/$_" or die $! for qw(conf sessions persistent lock);

my $private = qx(openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 2>/dev/null);
write_file( "$folder/key.pem", $private );
my $public = qx(openssl pkey -in $folder/key.pem -pubout);
my %storage = ( LockDirectory => "$folder/lock", generateModule => 'Lemonldap::NG::Common::Apache::Session::Generate::SHA256' );
write_file(
    "$folder/conf/lmConf-1.json",
    encode_json(
        {
            cfgNum => 1, cfgDate => time, portal => "$issuer/", domain => 'localhost', cookieName => 'lemonldap', securedCookie => 0, portalSkin => 'bootstrap',
            authentication => 'Demo', userDB => 'Same', passwordDB => 'Demo', registerDB => 'Null',
            demoExportedVars => { cn => 'cn', mail => 'mail', uid => 'uid' },
            globalStorage     => 'Apache::Session::File', globalStorageOptions     => { Directory => "$folder/sessions",   %storage },
            persistentStorage => 'Apache::Session::File', persistentStorageOptions => { Directory => "$folder/persistent", %storage },
            macros => {}, groups => {}, exportedVars => {}, locationRules => { localhost => { default => 'accept' } }, whatToTrace => 'uid',
            requireToken => 0, captcha => '::Lib::OneTimeToken',    # its captcha, which nothing asks for, would need a library for images
            issuerDBOpenIDConnectActivation => 1, oidcServiceAllowAuthorizationCodeFlow => $flow, oidcServiceAllowOffline => 1,
            oidcServicePrivateKeySig => $private, oidcServicePublicKeySig => $public, oidcServiceKeyIdSig => 'interop',
            oidcServiceMetaDataAuthorizeURI => 'authorize', oidcServiceMetaDataTokenURI => 'token', oidcServiceMetaDataUserInfoURI => 'userinfo',
            oidcServiceMetaDataJWKSURI => 'jwks', oidcServiceMetaDataIntrospectionURI => 'introspect', oidcServiceMetaDataEndSessionURI => 'logout',
            oidcRPMetaDataExportedVars => { map { $_ => { name => 'cn', email => 'mail' } } $client_id, $other_id },
            oidcRPMetaDataOptions      => {
                map {
                    $_ => {
                        oidcRPMetaDataOptionsClientID => $_, oidcRPMetaDataOptionsRedirectUris => $redirect_uri,
                        oidcRPMetaDataOptionsIDTokenSignAlg => 'RS256', oidcRPMetaDataOptionsRefreshToken => 1, oidcRPMetaDataOptionsRequirePKCE => 1,
                        oidcRPMetaDataOptionsUserIDAttr => 'uid', %chosen,
                    }
                } $client_id, $other_id
            },
        }
    )
);
write_file( "$folder/lemonldap-ng.ini", <<"INI");
[all]
logLevel = error
[configuration]
type = File
dirName = $folder/conf
[portal]
staticPrefix = /static
templateDir = /usr/share/lemonldap-ng/portal/templates
languages = en
INI
$ENV{LLNG_DEFAULTCONFFILE} = "$folder/lemonldap-ng.ini";
require Lemonldap::NG::Portal::Main;
my $app = Lemonldap::NG::Portal::Main->run( {} );

my $version = qx(dpkg-query -W -f '\${Version}' liblemonldap-ng-portal-perl);
$| = 1;
my $secret = $chosen{oidcRPMetaDataOptionsClientSecret} // '';
print encode_json(
    {
        issuer => "$issuer/", client_id => $client_id, client_secret => $secret, other_client_id => $other_id, other_client_secret => $secret,
        user => 'dwho', password => 'dwho', version => $version,
    }
), "\n";

# A second process waits for the end of the standard input, ends the first and cleans up.
my $server = $$;
if (fork) {
    HTTP::Server::PSGI->new( listen_sock => $socket )->run($app);
    exit;
}
close $socket;
1 while <STDIN>;
kill TERM => $server;
remove_tree($folder);

sub write_file {
    my ( $path, $content ) = @_;
    open my $file, '>', $path or die "$path: $!";
    print {$file} $content;
    close $file or die "$path: $!";
}
