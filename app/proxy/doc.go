// Package proxy takes the phone's connections through the network's proxy:
// HTTPS, push and signalling alike, because all of them are dialled here.
//
// Which proxy is asked for at each connection: the environment's (HTTPS_PROXY,
// HTTP_PROXY, NO_PROXY, ALL_PROXY) if it names any, else the system's. On Linux
// that is what the desktop portal answers (GNOME's and KDE's settings, scripts
// included), on Windows the registry and WinHTTP, on macOS the system
// configuration. The phone tunnels with CONNECT (RFC 9110, section 9.3.6), with
// Basic or Digest authentication where the proxy asks for it, or with SOCKS 5
// (RFC 1928). Negotiate and NTLM are not spoken.
package proxy
