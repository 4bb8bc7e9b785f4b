using System.Globalization;
using System.Text.RegularExpressions;
using Hud.Elf;
using Hud.NodeAgent.Confine;

namespace Hud.NodeAgent.Tests.Confine;

/// <summary>What the filter answers, by an interpreter of classic BPF; the kernel's own answer is a test of the agent.</summary>
public sealed partial class SeccompFilterTests
{
    private const uint X64 = 0xc000003e,
        Arm = 0xc00000b7,
        Allowed = 0x7fff0000,
        Refused = 0x0005000d,
        NotThere = 0x00050026;

    public static TheoryData<ElfMachine, bool> Filters() =>
        new()
        {
            { ElfMachine.X64, false },
            { ElfMachine.X64, true },
            { ElfMachine.AArch64, false },
            { ElfMachine.AArch64, true },
        };

    private static uint Answer(
        ElfMachine machine,
        bool network,
        uint number,
        uint arch = 0,
        ulong firstArgument = 0,
        ulong secondArgument = 0,
        ulong thirdArgument = 0,
        bool helper = false,
        int? server = null
    )
    {
        byte[] data = new byte[64]; // struct seccomp_data
        BitConverter.TryWriteBytes(data, number);
        BitConverter.TryWriteBytes(
            data.AsSpan(4),
            arch == 0
                ? machine == ElfMachine.X64
                    ? X64
                    : Arm
                : arch
        );
        BitConverter.TryWriteBytes(data.AsSpan(16), firstArgument);
        BitConverter.TryWriteBytes(data.AsSpan(24), secondArgument);
        BitConverter.TryWriteBytes(data.AsSpan(32), thirdArgument);
        var program = helper ? SeccompFilter.BuildForHelper(machine) : SeccompFilter.Build(machine, network, server);
        uint accumulator = 0;
        for (int at = 0; ; at++)
        {
            var (code, whenTrue, whenFalse, operand) = program[at];
            switch (code)
            {
                case 0x20:
                    accumulator = BitConverter.ToUInt32(data, (int)operand);
                    break;
                case 0x15:
                    at += accumulator == operand ? whenTrue : whenFalse;
                    break;
                case 0x45:
                    at += (accumulator & operand) != 0 ? whenTrue : whenFalse;
                    break;
                case 0x06:
                    return operand;
                default:
                    throw new InvalidOperationException($"instruction {at} is {code:x}");
            }
        }
    }

    private static uint Number(ElfMachine machine, string call) => SeccompFilter.Numbers(machine)[call];

    [Theory]
    [InlineData(ElfMachine.X64)]
    [InlineData(ElfMachine.AArch64)]
    public void Who_serves_metrics_may_take_connections_and_nothing_more(ElfMachine machine)
    {
        string[] agent = [.. SeccompFilter.Calls(machine, network: false).Select(c => c.Name)],
            server = [.. SeccompFilter.Calls(machine, network: false, accepts: true).Select(c => c.Name)];
        Assert.Equal(["accept", "accept4"], agent.Except(server).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "tkill"],
            server.Except(agent).Order(StringComparer.Ordinal)
        );
        var refused = SeccompFilter.Calls(machine, network: false, accepts: true).Select(c => c.Number).ToHashSet();
        refused.UnionWith(
            ((string[])["kill", "tgkill", "clone3", "openat2"]).Select(call => Number(machine, call)) // here the first argument is 0
        );
        for (uint number = 0; number < 512; number++)
            Assert.Equal(
                (number, !refused.Contains(number)),
                (number, Answer(machine, false, number, server: 4711) == Allowed)
            );
        Assert.Equal(Allowed, Answer(machine, false, Number(machine, "accept4"), server: 4711));
        Assert.Equal(Refused, Answer(machine, false, Number(machine, "socket"), server: 4711));
    }

    [Theory]
    [InlineData(ElfMachine.X64)]
    [InlineData(ElfMachine.AArch64)]
    public void Who_serves_metrics_signals_itself_and_nobody_else(ElfMachine machine)
    {
        foreach (string call in (string[])["kill", "tgkill"])
        {
            uint number = Number(machine, call);
            Assert.Equal((call, Allowed), (call, Answer(machine, false, number, firstArgument: 4711, server: 4711)));
            // one process, its own group, another group, all there are
            foreach (long other in (long[])[1, 4712, 0, -4711, -1])
                Assert.Equal(
                    (call, other, Refused),
                    (call, other, Answer(machine, false, number, firstArgument: unchecked((ulong)other), server: 4711))
                );
            Assert.Equal((call, Allowed), (call, Answer(machine, false, number, firstArgument: 1))); // the agent ends its helper
        }
    }

    [Theory]
    [MemberData(nameof(Filters))]
    public void What_the_agent_does_not_need_is_refused(ElfMachine machine, bool network)
    {
        var calls = SeccompFilter.Calls(machine, network);
        Assert.InRange(calls.Count, 40, 110);
        Assert.All(calls, c => Assert.Equal((c.Name, Refused), (c.Name, Answer(machine, network, c.Number))));
        foreach (
            string call in (string[])
                [
                    "io_uring_setup",
                    "ptrace",
                    "process_vm_writev",
                    "open_by_handle_at",
                    "setns",
                    "unshare",
                    "mount",
                    "finit_module",
                    "kexec_load",
                    "keyctl",
                    "userfaultfd",
                ]
        )
            Assert.Contains(call, calls.Select(c => c.Name));
        foreach (string call in (string[])["socket", "connect", "bind", "listen", "accept4", "pidfd_getfd"])
            Assert.Equal((call, network ? Allowed : Refused), (call, Answer(machine, network, Number(machine, call))));
    }

    [Theory]
    [MemberData(nameof(Filters))]
    public void What_it_does_need_is_not(ElfMachine machine, bool network)
    {
        var refused = SeccompFilter
            .Calls(machine, network)
            .Select(c => c.Number)
            .Append(Number(machine, "clone3"))
            .Concat(network ? [] : [Number(machine, "openat2")])
            .ToHashSet();
        for (uint number = 0; number < 512; number++)
            Assert.Equal((number, !refused.Contains(number)), (number, Answer(machine, network, number) == Allowed));
        foreach (
            string call in (string[])
                [
                    "bpf",
                    "perf_event_open",
                    "openat",
                    "mmap",
                    "futex",
                    "execve",
                    "memfd_create",
                    "prctl",
                    "seccomp",
                    "kill",
                    "clone",
                ]
        )
            Assert.Equal((call, Allowed), (call, Answer(machine, network, Number(machine, call))));
    }

    [Theory]
    [MemberData(nameof(Filters))]
    public void Files_are_opened_to_be_read_alone(ElfMachine machine, bool network)
    {
        uint write = network ? Allowed : Refused;
        uint openat = Number(machine, "openat");
        Assert.Equal(Allowed, Answer(machine, network, openat, thirdArgument: 0x280800)); // O_PATH, O_CLOEXEC, O_NONBLOCK
        foreach (uint flags in (uint[])[1, 2, 0x40, 0x200, 0x80000 | 2])
        {
            Assert.Equal(write, Answer(machine, network, openat, thirdArgument: flags));
            if (machine == ElfMachine.X64)
                Assert.Equal(write, Answer(machine, network, Number(machine, "open"), secondArgument: flags));
        }

        Assert.Equal(network ? Allowed : NotThere, Answer(machine, network, Number(machine, "openat2")));
        foreach (string call in (string[])["truncate", "unlinkat", "renameat2", "mkdirat", "fchmodat"])
            Assert.Equal((call, write), (call, Answer(machine, network, Number(machine, call))));
    }

    /// <summary>Of all calls there are, those of the list, threads, and nothing that takes a path, starts, signals or connects.</summary>
    [Theory]
    [InlineData(ElfMachine.X64)]
    [InlineData(ElfMachine.AArch64)]
    public void The_helper_is_left_with_what_it_has(ElfMachine machine)
    {
        var allowed = SeccompFilter.CallsOfHelper(machine).Select(c => c.Number).ToHashSet();
        for (uint number = 0; number < 512; number++)
            Assert.Equal(
                (number, allowed.Contains(number)),
                (number, Answer(machine, false, number, helper: true) == Allowed)
            );
        foreach (
            string call in (string[])
                [
                    "openat",
                    "openat2",
                    "execve",
                    "execveat",
                    "socket",
                    "kill",
                    "tkill",
                    "ptrace",
                    "process_vm_readv",
                    "bpf",
                    "perf_event_open",
                    "sendmsg",
                    "unlinkat",
                    "mount",
                    "setresuid",
                    "capset",
                    "prctl",
                    "pidfd_open",
                    "io_uring_setup",
                ]
        )
            Assert.Equal((call, Refused), (call, Answer(machine, false, Number(machine, call), helper: true)));
        uint clone = Number(machine, "clone");
        Assert.Equal(Allowed, Answer(machine, false, clone, firstArgument: 0x3d0f00, helper: true)); // pthread_create
        Assert.Equal(Refused, Answer(machine, false, clone, firstArgument: 0x4111, helper: true)); // vfork
        Assert.Equal(NotThere, Answer(machine, false, Number(machine, "clone3"), helper: true));
        Assert.Equal(Refused, Answer(machine, false, 0, arch: 0x40000003, helper: true));
    }

    [Theory]
    [MemberData(nameof(Filters))]
    public void Threads_and_processes_are_made_but_no_namespaces(ElfMachine machine, bool network)
    {
        uint clone = Number(machine, "clone");
        Assert.Equal(Allowed, Answer(machine, network, clone, firstArgument: 0x3d0f00)); // pthread_create
        Assert.Equal(Allowed, Answer(machine, network, clone, firstArgument: 0x4111)); // vfork: CLONE_VM, CLONE_VFORK, SIGCHLD
        foreach (
            ulong flag in (ulong[])[0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000]
        )
            Assert.Equal(Refused, Answer(machine, network, clone, firstArgument: flag | 17));
        Assert.Equal(NotThere, Answer(machine, network, Number(machine, "clone3")));
    }

    [Theory]
    [MemberData(nameof(Filters))]
    public void Numbers_of_another_machine_are_refused(ElfMachine machine, bool network)
    {
        Assert.Equal(Refused, Answer(machine, network, 0, arch: 0x40000003)); // int 0x80 on x86-64
        Assert.Equal(Refused, Answer(machine, network, 0, arch: machine == ElfMachine.X64 ? Arm : X64));
        if (machine == ElfMachine.X64)
            Assert.Equal(Refused, Answer(machine, network, 0x40000000 | 41)); // x32
    }

    [Theory]
    [InlineData("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", ElfMachine.X64)]
    [InlineData("/usr/include/asm-generic/unistd.h", ElfMachine.AArch64)]
    public void The_numbers_are_those_of_the_kernels_headers(string header, ElfMachine machine)
    {
        if (!File.Exists(header))
            Missing.Because($"{header} is missing (scripts/install.sh build)");
        // #define __NR_socket 41, and where 32 bits differ #define __NR3264_statfs 43
        var defined = Definition()
            .Matches(File.ReadAllText(header))
            .DistinctBy(m => m.Groups["name"].Value)
            .ToDictionary(
                m => m.Groups["name"].Value,
                m => uint.Parse(m.Groups["number"].Value, CultureInfo.InvariantCulture),
                StringComparer.Ordinal
            );
        var ours = SeccompFilter
            .Calls(machine, network: false)
            .Append(("clone", Number(machine, "clone")))
            .Append(("clone3", Number(machine, "clone3")))
            .ToList();
        // headers of the machine may be older than the newest calls
        Assert.InRange(ours.Count(c => defined.ContainsKey(c.Item1)), ours.Count - 5, ours.Count);
        Assert.All(ours.Where(c => defined.ContainsKey(c.Item1)), c => Assert.Equal((c.Item1, defined[c.Item1]), c));
    }

    [GeneratedRegex(
        @"^#define __NR(3264)?_(?<name>\w+)\s+(?<number>\d+)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Definition();
}
