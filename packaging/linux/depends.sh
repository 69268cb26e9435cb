#!/usr/bin/env bash
# Prints what a program of the phone needs of the system, one package relation a line.
#   depends.sh deb|rpm PROGRAM
# What they are linked with is asked of dpkg-shlibdeps and of rpm's elfdeps, versions of symbols included. What
# they open while they run (dlopen) is found by the names of libraries inside them: each must be known here, so
# that one that a new version of a library brings in stops the packaging and not the phone.
set -euo pipefail
format=$1
program=$(realpath "$2")

# Library and Debian's package.
opened="
libX11.so.6 libx11-6
libX11-xcb.so.1 libx11-xcb1
libXcursor.so.1 libxcursor1
libXext.so.6 libxext6
libXi.so.6 libxi6
libXinerama.so.1 libxinerama1
libXrandr.so.2 libxrandr2
libXrender.so.1 libxrender1
libXxf86vm.so.1 libxxf86vm1
libxkbcommon.so.0 libxkbcommon0
libEGL.so.1 libegl1
libwayland-cursor.so.0 libwayland-cursor0
libwayland-egl.so.1 libwayland-egl1
"
# Sound comes by one of these; the packages recommend them. The others are looked for and not needed.
optional="libpulse.so.0 libasound.so.2 libjack.so.0 libdecor-0.so.0 libGLX.so.0 libOpenGL.so.0 libGLES_CM.so.1
libGLESv1_CM.so.1 libGLESv2.so.2 libOSMesa.so.6 libOSMesa.so.8 libvulkan.so.1"

linked=$(objdump -p "$program" | awk '$1 == "NEEDED" {print $2}')
opens= # of the list above, what this program opens
for library in $(strings -n 6 "$program" | grep -oE '\blib[A-Za-z0-9_+-]+\.so\.[0-9]+' | sort -u); do
  if row=$(grep "^${library//./\\.} " <<<"$opened"); then
    opens+=$row$'\n'
  elif ! grep -qw -- "$library" <<<"$linked $optional"; then
    echo "$(basename "$program") opens $library, which packaging/linux/depends.sh does not know." >&2
    exit 1
  fi
done
case $format in
deb)
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/debian"
  echo "Source: offhook" >"$work/debian/control"
  (cd "$work" && dpkg-shlibdeps --warnings=0 -O "$program" 2>/dev/null) | sed -e 's/^shlibs:Depends=//' -e 's/, /\n/g'
  awk 'NF {print $2}' <<<"$opens"
  echo ca-certificates
  ;;
rpm)
  echo "$program" | /usr/lib/rpm/elfdeps --requires | grep -v '^rtld'
  awk 'NF {print $1 "()(64bit)"}' <<<"$opens"
  echo ca-certificates
  ;;
esac | sort -u
