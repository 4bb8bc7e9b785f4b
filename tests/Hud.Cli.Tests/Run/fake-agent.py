#!/usr/bin/env python3
"""Plays an agent: the environment variable FAKE names the script. Speaks the real stream."""
import base64, gzip, hashlib, json, os, signal, sys, time

out = sys.stdout
seq = 0
stops = 0


def say(kind, **fields):
    global seq
    seq += 1
    out.write(json.dumps({"t": kind, "v": 1, "seq": seq, **fields}) + "\n")
    out.flush()


def on_stop(number, frame):
    global stops
    stops += 1
    if path := os.environ.get("FAKE_SIGNALS"):
        with open(path, "a") as f:
            f.write(f"{number}\n")


asks = 0


def on_ask(number, frame):
    global asks
    asks += 1


signal.signal(signal.SIGTERM, on_stop)
signal.signal(signal.SIGUSR1, on_ask)
signal.signal(signal.SIGINT, on_stop)
script = os.environ.get("FAKE", "blocked")

if sys.argv[1:] == ["doctor"]:
    if script == "doctor-broken":
        sys.stderr.write("libbpf.so.1: cannot open\n")
        sys.exit(127)
    ok = script != "doctor-bad"
    print(json.dumps({"checks": [
        {"name": "kernel", "ok": True, "detail": "Linux 6.18"},
        {"name": "capabilities", "ok": ok, "detail": "CAP_BPF is missing" if not ok else "all there", "nextStep": "" if ok else "run it with sudo"}]}))
    sys.exit(0 if ok else 3)

task = json.loads(os.environ["HUD_AGENT_TASK"])
if path := os.environ.get("FAKE_TASK"):
    with open(path, "w") as f:
        json.dump(task, f)
pid = task["targets"][0]["pid"]
node = os.environ.get("FAKE_NODE", "")  # one of several nodes: names of its own
target = {**({"pod": "checkout-" + node} if node else {}), "pid": pid, "process": "demo", "workers": 2, "runtimes": 1, "tokioVersion": "1.43", "state": "Running"}


def refuse(kind, text, step, code):
    say("hello", agent={"rung": "uprobe.session"})
    say("warning", id=kind, text=text, nextStep=step)
    say("bye", reason=kind, exitCode=code)
    sys.exit(code)


if script == "not-permitted":
    refuse("HUD101", "CAP_BPF is missing", "run with sudo", 3)
if script == "not-tokio":
    refuse("HUD201", "no Tokio task was found in /bin/sleep", "name another process", 4)
if script == "silent-crash":
    sys.stderr.write('{"level":"error","message":"out of luck"}\n')
    sys.exit(134)

kept = 0 if script == "keeps-nothing" else 120_000_000_000
say("hello", agent={"version": "0.1.0", "kernel": "6.18", "rung": "uprobe.session"}, **({"lookBackNs": kept} if kept else {}))
say("target", index=0, target=target)


answered = 0


def look_back():
    """An answer to each request that came; script \"pushy\" answers without one."""
    global answered
    if script == "mute" or asks + (script == "pushy") <= answered:
        return
    answered += 1
    past = {"session": task["session"], "verdict": "BLOCKED 31% of worker time", "verdictLevel": "Blocked", "targets": [target],
            "lookBack": {"wantedNs": kept, "runStartedAt": "2026-03-01T01:00:00Z"},
            "summary": {"startedAt": "2026-03-01T03:11:57Z", "observedNs": 130_000_000_000, "polls": 100, "slowPolls": 1, "workers": 2}}
    packed = gzip.compress(json.dumps(past).encode())
    say("lookback", number=answered, part=1, parts=1, sha256=hashlib.sha256(packed).hexdigest(), data=base64.b64encode(packed).decode())


def hotspot(rank, cause, user, place, function, count, ms, percent, advice):
    return {"rank": rank, "cause": cause, "function": function, "userFrame": user, "location": place, "task": "checkout::handle::{{closure}}", "count": count,
            "totalNs": count * ms * 1_000_000, "p50Ns": ms * 1_000_000, "p99Ns": 2 * ms * 1_000_000, "maxNs": 3 * ms * 1_000_000, "percent": percent, "advice": advice,
            "fingerprint": user, "stack": [function, f"{user} ({place})", "checkout::main (src/main.rs:9)", "tokio::runtime::task::raw::poll"]}


def metrics(tick):
    if task.get("options", {}).get("metrics"):
        say("metrics", index=0, run={"startedAt": "2026-03-01T12:00:00+00:00", "elapsedNs": tick * 1_000_000_000, "agent": {"version": "0.1.0", "rung": "uprobe.session"}},
            target={"process": "demo", "watched": True, "workers": 2, "tasks": [{"series": 0, "name": "checkout::handle", "slowPolls": 7, "pollNs": 400_000_000, "polls": [0] * 12 + [50, 3]}]})


if script == "live":
    tick = 0
    until = time.monotonic() + 60
    while time.monotonic() < until and stops == 0:
        tick += 1
        metrics(tick)
        say("progress", elapsedNs=tick * 1_000_000_000, verdict="BLOCKED 18.4% of worker time; bcrypt::hash in checkout::login (src/login.rs:42)", verdictLevel="Blocked",
            summary={"polls": 1000 * tick, "slowPolls": 3 * tick, "blockedPercent": 18.4, "worstPollNs": 412_000_000, "longestPollNs": 412_000_000, "workers": 2, "observedNs": tick * 1_000_000_000},
            hotspots=[hotspot(1, "OnCpu", "checkout::login", "src/login.rs:42", "bcrypt::hash", tick, 190, 14.1, "Move the hashing to spawn_blocking."),
                      hotspot(2, "BlockingCall", "checkout::catalog::load" + node, "src/catalog.rs:7", "std::fs::read", 2 * tick, 20, 4.3, "Use tokio::fs.")],
            workers=[{"tid": 101, "name": "tokio-rt-worker", "state": "polling", "task": "checkout::handle", "sinceNs": 9_000_000, "busyPercent": 40, "lostPercent": 30},
                     {"tid": 102, "name": "tokio-rt-worker", "state": "idle", "busyPercent": 3, "lostPercent": 0}],
            tasks=[{"name": "checkout::handle::{{closure}}", "polls": 1000 * tick, "slowPolls": 3 * tick, "totalNs": tick * 400_000_000, "p50Ns": 11_000, "p99Ns": 20_000_000, "maxNs": 412_000_000, "percent": 20,
                    "histogram": [0] * 12 + [50, 400, 300, 50, 9, 3, 0, 0, 0, 0, 0, 1, 2]}])
        look_back()
        time.sleep(0.1)

say("progress", elapsedNs=1_000_000_000, summary={"polls": 1000, "slowPolls": 1})
if script == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if script in ("wait", "deaf", "mute", "pushy", "keeps-nothing"):
    print("waiting", file=sys.stderr, flush=True)
    until = time.monotonic() + 120
    while time.monotonic() < until and (stops == 0 or script == "deaf"):
        look_back()
        time.sleep(0.02)
if script == "gap":
    seq += 3

summary = {"polls": 6000, "slowPolls": 6, "observedNs": 6_000_000_000, "blockedPercent": 18.4, "worstPollNs": 412_000_000, "longestPollNs": 412_000_000, "workers": 2, "runtimes": 1}
document = {"session": task["session"], "verdict": "BLOCKED 18.4% of worker time", "verdictLevel": "Blocked", "summary": summary, "targets": [target],
            "hotspots": [{"rank": 1, "cause": "OnCpu", "function": "bcrypt::hash", "userFrame": "checkout::login", "location": "src/login.rs:42", "count": 311, "totalNs": 62_000_000_000,
                          "p50Ns": 190_000_000, "p99Ns": 240_000_000, "maxNs": 412_000_000, "percent": 18.4, "advice": "Move the hashing to spawn_blocking."}]}
if script == "idle":
    step = "send it some load while Hud watches"
    document.update(verdict="NO DATA: Tokio was found, but it polled no task during the run", verdictLevel="NoData", hotspots=[], summary={"observedNs": 6_000_000_000, "workers": 2},
                    warnings=[{"id": "HUD202", "message": "demo: it polled no task", "nextStep": step}])
    say("warning", id="HUD202", text="demo: it polled no task", nextStep=step)
data = gzip.compress(json.dumps(document).encode())
say("profile", part=1, parts=1, sha256="0" * 64 if script == "wrong-hash" else hashlib.sha256(data).hexdigest(), data=base64.b64encode(data).decode())
if script == "target-gone":
    say("bye", reason="TargetGone", exitCode=5)
    sys.exit(5)
say("bye", reason="Interrupted" if stops else "Completed", exitCode=0)
