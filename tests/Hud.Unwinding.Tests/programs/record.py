"""Records what gdb sees, for comparing: run inside gdb.

    RECORD_OUT=file RECORD_BREAKS="leaf write" RECORD_STATES=50 gdb -batch -x record.py --args program

Stops at the breakpoints, then single-steps a random number of instructions between records, so that states fall into
prologues, epilogues and stubs as well. One JSON line per state: DWARF-ordered registers, the stack's bytes from rsp
(base64), the frames as gdb unwinds them (pc, the frame's CFA = the caller's rsp, "s" for a signal frame). Before them,
and again when code was mapped meanwhile, a line with the mappings and the vdso. RECORD_WHOLE=1: more
of the stack than gdb's frames reach to. RECORD_ARCH=aarch64: the program is
linked statically and runs in qemu.
"""
import base64
import json
import os
import random
import re
import subprocess
import time

import gdb

X64 = "rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip".split()
ARM64 = [f"x{i}" for i in range(31)] + ["sp", "pc"]
arm = os.environ.get("RECORD_ARCH") == "aarch64"
ORDER, SP = (ARM64, "sp") if arm else (X64, "rsp")
LIMIT = int(os.environ.get("RECORD_BYTES", "12288"))
rng = random.Random(int(os.environ.get("RECORD_SEED", "1")))
want = int(os.environ.get("RECORD_STATES", "50"))
stride = int(os.environ.get("RECORD_STRIDE", "300"))
step_main = os.environ.get("RECORD_STEPS", "8")
out = open(os.environ["RECORD_OUT"], "w")
mapped = None


def quiet(command):
    return gdb.execute(command, to_string=True)


def read(address, size):
    return gdb.selected_inferior().read_memory(address, size).tobytes()


def static_maps(program):
    text = subprocess.run(["readelf", "-lW", program], capture_output=True, text=True, check=True).stdout
    lines = []
    for m in re.finditer(r"^  LOAD +(\S+) (\S+) \S+ \S+ (\S+) (R E|RW)", text, re.M):
        offset, address, size = (int(x, 16) for x in m.groups()[:3])
        start, end = address & ~0xfff, (address + size + 0xfff) & ~0xfff
        lines.append(f"{start:x}-{end:x} r{'-x' if 'E' in m[4] else 'w-'}p {offset & ~0xfff:08x} 00:01 1 {program}")
    return "\n".join(lines) + "\n"


def maps():
    if arm:
        return static_maps(gdb.current_progspace().filename)
    with open(f"/proc/{gdb.selected_inferior().pid}/maps") as f:
        return f.read()


def header():
    global mapped
    text = "".join(line + "\n" for line in maps().splitlines() if re.match(r"\S+ ..x", line))
    if text == mapped:
        return
    mapped = text
    vdso = re.search(r"^([0-9a-f]+)-([0-9a-f]+) .*\[vdso\]$", text, re.M)
    image = ""
    if vdso:
        start, end = (int(x, 16) for x in vdso.groups())
        image = base64.b64encode(read(start, end - start)).decode()
    out.write(json.dumps({"maps": text, "vdso": image}) + "\n")


def stack_end(sp):
    if arm:
        return sp + LIMIT
    for line in maps().splitlines():
        start, end = (int(x, 16) for x in line.split()[0].split("-"))
        if start <= sp < end:
            return end
    return sp


def reg(frame, name):
    return int(frame.read_register(name).cast(gdb.lookup_type("unsigned long")))


def record():
    header()
    newest = gdb.newest_frame()
    registers = [reg(newest, name) for name in ORDER]
    sp = registers[ORDER.index(SP)]
    frames = []
    frame = newest
    while frame is not None and len(frames) < 120:
        if frame.type() != gdb.INLINE_FRAME and frame.type() != gdb.TAILCALL_FRAME:
            older = frame.older()
            while older is not None and older.type() in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
                older = older.older()
            kind = "s" if frame.type() == gdb.SIGTRAMP_FRAME else ""
            frames.append([f"{frame.pc():x}", f"{reg(older, SP):x}" if older else "0", kind])
        frame = frame.older()
    # up to a little beyond the outermost frame that gdb found
    known = max(int(cfa, 16) for _, cfa, _ in frames)
    wanted = LIMIT if os.environ.get("RECORD_WHOLE") else max(known, sp) + 256 - sp
    end = min(stack_end(sp), sp + LIMIT, sp + wanted)
    out.write(json.dumps({
        "regs": [f"{r:x}" for r in registers],
        "stack": base64.b64encode(read(sp, end - sp)).decode(),
        "frames": frames,
    }) + "\n")


def start():
    if not arm:
        quiet("starti")
        return
    socket = os.environ["RECORD_OUT"] + ".sock"
    program = gdb.current_progspace().filename
    # a processor without pointer authentication: gdb 13 does not know which bits qemu's would sign
    subprocess.Popen(["qemu-aarch64", "-cpu", "cortex-a57", "-g", socket, program], stdout=subprocess.DEVNULL)
    for _ in range(100):
        if os.path.exists(socket):
            break
        time.sleep(0.05)
    quiet(f"target remote {socket}")


def alive():
    return gdb.selected_inferior().pid != 0 and gdb.selected_thread() is not None


def main():
    # other threads stand still while one is stepped, or steps would be lost in breakpoints of theirs
    for command in ("set pagination off", "set confirm off", "set breakpoint pending on", "set backtrace past-main on",
                    "set backtrace past-entry on", "set debuginfod enabled off", "set disassembly-flavor intel",
                    "handle SIGALRM nostop noprint pass", "set print thread-events off"):
        try:
            quiet(command)
        except gdb.error:
            pass
    breaks = os.environ["RECORD_BREAKS"].split()
    start()
    quiet("tbreak " + os.environ.get("RECORD_FROM", "main"))
    quiet("continue")
    for name in breaks:
        quiet(f"break {name}")
    written = 0
    while written < want:
        quiet("continue")
        if not alive():
            break
        # skip some hits, so that states differ
        for b in gdb.breakpoints():
            b.ignore_count = rng.randrange(0, 40)
        record()
        written += 1
        for _ in range(int(step_main)):
            if written >= want or not alive():
                break
            quiet("set scheduler-locking step")
            quiet(f"stepi {rng.randrange(1, stride)}")
            quiet("set scheduler-locking off")
            if not alive():
                break
            record()
            written += 1
    out.close()
    if alive():
        quiet("kill")


main()
