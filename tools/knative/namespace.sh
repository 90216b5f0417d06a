#!/bin/sh
# The first process of a network namespace: everything else in it ends with this one.
# Arguments: folder, node|plain, address, gateway, then the command that forwards connections into the namespace.
set -eu
folder=$1 kind=$2 address=$3 gateway=$4
shift 4

ip link set lo up
# A pair of which both ends stay here: an address for the node, and a default route that leads nowhere.
ip link add eth0 type veth peer name uplink
ip address add "$address/24" dev eth0
ip link set uplink up
ip link set eth0 up
ip route add default via "$gateway" dev eth0

mount_cgroups() {
  mount -t tmpfs -o mode=755 cgroups /sys/fs/cgroup
  while IFS=: read -r id controllers path; do
    [ -n "$controllers" ] || continue
    at=/sys/fs/cgroup/${controllers#name=}
    mkdir "$at"
    mount -t cgroup -o "$controllers" cgroup "$at"
  done </proc/self/cgroup
}

# kubelet sets these for the whole machine. Here it sets copies, which containerd and its pods see as well.
shield_sysctls() {
  for name in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys \
    kernel/keys/root_maxbytes; do
    [ -f "/proc/sys/$name" ] || continue
    copy=$folder/sysctl/$name
    mkdir -p "${copy%/*}"
    cat "/proc/sys/$name" >"$copy"
    mount --bind "$copy" "/proc/sys/$name"
  done
}

# Names of the cluster lead somewhere for servers outside pods, too.
use_cluster_dns() {
  printf 'nameserver %s\nsearch svc.cluster.local cluster.local\noptions ndots:5\n' "$address" >"$folder/resolv.conf"
  # On many machines it is a link to a folder that is hidden by now.
  file=$(readlink -m /etc/resolv.conf)
  mkdir -p "${file%/*}"
  [ -e "$file" ] || : >"$file"
  mount --bind "$folder/resolv.conf" "$file"
}

if [ "$kind" = node ]; then
  mount_cgroups
  shield_sysctls
  # Where containerd, kubelet and CNI plugins write without being asked.
  for path in /run /var/lib /var/log; do mount -t tmpfs -o mode=755 node "$path"; done
  mkdir /run/lock
  use_cluster_dns
  echo 1 >/proc/sys/net/ipv4/ip_forward
fi

# In the background, and waited for: so this process reaps what others leave behind.
"$@" &
wait
