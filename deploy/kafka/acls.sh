#!/usr/bin/env bash
# Who may do what with samehand's topics and group, and nothing beyond: prints the commands of Kafka's own
# kafka-acls.sh that say so, and with --apply runs them. Nothing is ever taken away: what stood before stays.
#
#   deploy/kafka/acls.sh --bootstrap-server kafka:9092 --command-config admin.properties --apply
#
# A topic that nobody may see does not exist for its reader: Kafka gives Describe with Read or Write.
set -euo pipefail

usage() {
    cat <<'END'
usage: deploy/kafka/acls.sh [options]

  --apply                     run the commands; without it they are printed
  --bootstrap-server ADDRESS  of the cluster (default 127.0.0.1:9092)
  --command-config FILE       how an administrator connects, as kafka-acls.sh takes it
  --prefix PREFIX             SAMEHAND_TOPIC_PREFIX
  --group GROUP               SAMEHAND_KAFKA_GROUP (default samehand)
  --create                    SAMEHAND_TOPIC_CREATE: workers may create the topics that are missing
  --before-kafka-3            workers and producers may use an idempotent producer by a right of its own, as
                              brokers before 3.0 ask; later ones let everybody who may write

Who is who; an empty name leaves somebody out (default: User: and the option's name):
  --worker PRINCIPAL          reads what happens, writes alerts and dead letters; `samehand rebuild` too
  --platform PRINCIPAL        publishes what happens to accounts
  --moderation PRINCIPAL      reads alerts, as the group --moderation-group (default moderation)
  --desk PRINCIPAL            reads alerts, writes verdicts, as the group --desk-group (default desk)
  --bridge PRINCIPAL          reads --foreign-topics (names, separated by commas) and publishes what they become,
                              as the group --group with -bridge; nobody without such topics
  --gate PRINCIPAL            `samehand gate`: publishes what happens to accounts, verdicts and what leads asked it
  --deliver PRINCIPAL         `samehand deliver`: reads alerts, in groups that begin with --group and -deliver-
  --operator PRINCIPAL        `samehand letters`, `account`, `enrol`, `watchlist import`, `learn`: reads dead letters too
                              (`samehand doctor` asks for a worker: run it as one)

KAFKA_ACLS names the program (default: kafka-acls.sh on the path).
END
}

apply=
server=127.0.0.1:9092
config=
prefix=
group=samehand
create=
before_3=
worker=User:worker
platform=User:platform
moderation=User:moderation
moderation_group=moderation
desk=User:desk
desk_group=desk
operator=User:operator
bridge=User:bridge
deliver=User:deliver
gate=User:gate
foreign_topics=

while (($#)); do
    case $1 in
        --apply) apply=1 ;;
        --create) create=1 ;;
        --before-kafka-3) before_3=1 ;;
        --help | -h)
            usage
            exit 0
            ;;
        --bootstrap-server | --command-config | --prefix | --group | --worker | --platform | --moderation | \
            --moderation-group | --desk | --desk-group | --operator | --bridge | --deliver | --gate | --foreign-topics)
            (($# > 1)) || { echo "$1 wants a value; --help tells which" >&2; exit 64; }
            case $1 in
                --bootstrap-server) server=$2 ;;
                --command-config) config=$2 ;;
                *)
                    variable=${1#--}
                    printf -v "${variable//-/_}" %s "$2"
                    ;;
            esac
            shift
            ;;
        *)
            echo "there is no option $1; --help lists them" >&2
            exit 64
            ;;
    esac
    shift
done

readonly EVENTS=(accounts.created accounts.updated accounts.remembered accounts.deleted accounts.banned accounts.reinstated)
readonly TOLD=("${EVENTS[@]}" accounts.actioned) # by platforms
readonly ALL=("${TOLD[@]}" accounts.scanned alerts alerts.shadow alerts.sample alerts.state alerts.waves alerts.verdicts fingerprints.enrolled deadletters control)

# allow PRINCIPAL OPERATION topic|group NAME...
allow() {
    local who=$1 operation=$2 kind=$3 name command
    shift 3
    [[ -n $who ]] || return 0
    command=("${KAFKA_ACLS:-kafka-acls.sh}" --bootstrap-server "$server")
    [[ -z $config ]] || command+=(--command-config "$config")
    command+=(--add --allow-principal "$who" --operation "$operation")
    [[ -z ${pattern:-} ]] || command+=(--resource-pattern-type "$pattern")
    if [[ $kind == cluster ]]; then
        command+=(--cluster)
    else
        for name in "$@"; do
            [[ $kind == group ]] || name=$prefix$name
            command+=("--$kind" "$name")
        done
    fi
    if [[ -n $apply ]]; then
        "${command[@]}" >/dev/null
    else
        printf '%q ' "${command[@]}" | sed 's/ $//'
        echo
    fi
}

# Workers. They write to what they read, too: a deleted account's ban becomes a tombstone in accounts.banned, the alert
# that led to a ban has a verdict in alerts.verdicts, look-back reads each ban in fingerprints.enrolled, a rebuild reads
# the state of alerts and waves, and workers leave each other messages in control.
allow "$worker" Read topic "${EVENTS[@]}" accounts.scanned alerts alerts.shadow alerts.state alerts.waves alerts.verdicts fingerprints.enrolled control
allow "$worker" Write topic alerts alerts.shadow alerts.sample alerts.state alerts.waves alerts.verdicts deadletters accounts.banned fingerprints.enrolled control
allow "$worker" Describe topic accounts.actioned # it reads none, and looks whether the topic is there
allow "$worker" DescribeConfigs topic "${ALL[@]}" # bans that are not compacted get lost: a worker looks
allow "$worker" Read group "$group"
[[ -z $create ]] || allow "$worker" Create topic "${ALL[@]}"

allow "$platform" Write topic "${TOLD[@]}"

# A gate asks the store about alerts, and reads nothing of Kafka.
allow "$gate" Write topic "${TOLD[@]}" alerts.verdicts gate.audit
allow "$gate" DescribeConfigs topic gate.audit
[[ -z $create ]] || allow "$gate" Create topic gate.audit

allow "$moderation" Read topic alerts alerts.waves
allow "$moderation" Read group "$moderation_group"

allow "$desk" Read topic accounts.actioned alerts alerts.sample alerts.waves alerts.verdicts
allow "$desk" Write topic alerts.verdicts appeals.decided desk.audit deadletters # of unreadable actions
allow "$desk" Read topic desk.audit # `samehand desk audit verify` holds the chain to what was published
allow "$desk" DescribeConfigs topic accounts.actioned deadletters alerts alerts.sample alerts.waves alerts.verdicts appeals.decided desk.audit
[[ -z $create ]] || allow "$desk" Create topic accounts.actioned deadletters alerts alerts.sample alerts.waves alerts.verdicts appeals.decided desk.audit
allow "$desk" Read group "$desk_group"

# A bridge has no business with alerts; the topics of others it reads under their own names.
if [[ -n $foreign_topics ]]; then
    IFS=, read -ra foreign <<<"$foreign_topics"
    for name in "${foreign[@]}"; do
        prefix='' allow "$bridge" Read topic "$name"
    done
    allow "$bridge" Write topic "${TOLD[@]}" deadletters control
    allow "$bridge" Read topic control
    allow "$bridge" DescribeConfigs topic "${TOLD[@]}" deadletters control
    allow "$bridge" Read group "$group-bridge"
    [[ -z $create ]] || allow "$bridge" Create topic "${TOLD[@]}" deadletters control
fi

# Alerts, waves and decided appeals to webhooks: a group an endpoint, whose names are the operator's.
allow "$deliver" Read topic alerts alerts.waves appeals.decided control
allow "$deliver" Write topic deadletters control
allow "$deliver" DescribeConfigs topic alerts alerts.waves appeals.decided deadletters control
pattern=prefixed allow "$deliver" Read group "$group-deliver-"
[[ -z $create ]] || allow "$deliver" Create topic alerts alerts.waves appeals.decided deadletters control

# An operator replays dead letters, which hold what could not be read as it came: raw values.
allow "$operator" Read topic "${ALL[@]}" gate.audit # who asked who is like whom
allow "$operator" Write topic "${TOLD[@]}" accounts.scanned alerts alerts.verdicts appeals.decided fingerprints.enrolled deadletters control
allow "$operator" DescribeConfigs topic "${ALL[@]}"
allow "$operator" Describe group "$group" # how far the workers are

if [[ -n $before_3 ]]; then
    for who in "$worker" "$platform" "$desk" "$operator" "$deliver" "$gate" ${foreign_topics:+"$bridge"}; do
        allow "$who" IdempotentWrite cluster
    done
fi
