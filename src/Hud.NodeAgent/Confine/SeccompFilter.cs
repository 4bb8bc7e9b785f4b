using System.Runtime.InteropServices;
using Hud.Analysis;
using Hud.Elf;
using Hud.NodeAgent.Kernel;

namespace Hud.NodeAgent.Confine;

/// <summary>One instruction of classic BPF: <c>struct sock_filter</c> of linux/filter.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct FilterInstruction(ushort Code, byte WhenTrue, byte WhenFalse, uint Operand);

/// <summary>
/// The system calls that the agent gives up right after its start, for itself and for every process it starts. It reads what strangers wrote
/// and has rights over other processes; whoever took it over would look for a way out of its pod or into them, and these are the ways that
/// it does not need itself. A list of what is refused and not of what is allowed: what the runtime needs of the kernel changes with its
/// versions. Pure.
/// </summary>
internal static class SeccompFilter
{
    /// <summary>No connection to anything, and none taken from another process. Unix sockets too: a container runtime listens on one.</summary>
    private const string Network = "socket connect bind listen pidfd_getfd";

    /// <summary>The same. Who serves metrics has a socket that listens by the time it gives up the rest.</summary>
    private const string Accepting = "accept accept4";

    /// <summary>
    /// Who serves metrics signals nobody: it has the user of others, and sees their pids. Its runtime stops its threads by tgkill, and ends itself
    /// by kill: these two pass where they name the process itself.
    /// </summary>
    private const string Signals = "tkill pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo";

    private static readonly string[] SignalsOfProcess = ["kill", "tgkill"];

    private const string Rest =
        // stands beside all other calls, also beside the network's
        "io_uring_setup io_uring_enter io_uring_register "
        +
        // other processes are read through /proc; none is stopped or written to
        "ptrace process_vm_readv process_vm_writev process_madvise "
        +
        // with CAP_DAC_READ_SEARCH it opens any file of the disk, mounted here or not
        "open_by_handle_at "
        +
        // other namespaces and file systems
        "setns unshare mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr mknod mknodat "
        +
        // code in the kernel, and parts of it that have been a way in more than once
        "init_module finit_module delete_module kexec_load kexec_file_load add_key request_key keyctl userfaultfd iopl ioperm "
        +
        // the machine as a whole
        "reboot swapon swapoff acct quotactl settimeofday clock_settime adjtimex clock_adjtime sethostname setdomainname";

    /// <summary>The disk: the agent writes no file. With a server of debug files what is downloaded is kept in files.</summary>
    private const string Writing =
        "creat truncate unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat mkdir mkdirat rmdir "
        + "chmod fchmod fchmodat chown fchown lchown fchownat setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr";

    public const int Refused = 13; // EACCES
    private const int NotThere = 38; // ENOSYS: the C library then takes clone or openat, whose flags can be seen

    /// <summary>O_WRONLY, O_RDWR, O_CREAT and O_TRUNC: also <c>/proc/PID/mem</c> is a file, and writing to it is writing into a process.</summary>
    public const uint OpenForWriting = 0x243;

    /// <summary>CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET.</summary>
    public const uint NewNamespaces = 0x7e020000;

    // linux/bpf_common.h
    private const ushort Load = 0x20,
        JumpEqual = 0x15,
        JumpBits = 0x45,
        Return = 0x06;

    // struct seccomp_data of linux/seccomp.h: nr, arch, instruction_pointer, args; both machines are little-endian
    private const uint Number = 0,
        Machine = 4,
        FirstArgument = 16,
        SecondArgument = 24,
        ThirdArgument = 32;

    // linux/seccomp.h
    private const uint Allow = 0x7fff0000,
        Error = 0x00050000;

    /// <summary>The calls that open a file by a name, and where their flags are.</summary>
    private static List<(uint Number, uint Flags)> Opens(IReadOnlyDictionary<string, uint> numbers)
    {
        List<(uint, uint)> opens = [(numbers["openat"], ThirdArgument)];
        if (numbers.TryGetValue("open", out uint open)) // not on aarch64
            opens.Add((open, SecondArgument));
        return opens;
    }

    /// <summary>What is refused: names and numbers on one machine. A call that it does not have is left out.</summary>
    public static IReadOnlyList<(string Name, uint Number)> Calls(
        ElfMachine machine,
        bool network,
        bool accepts = false
    )
    {
        var numbers = Numbers(machine);
        return [.. (
                network ? Rest
                : accepts ? $"{Network} {Signals} {Writing} {Rest}"
                : $"{Network} {Accepting} {Writing} {Rest}"
            ).Split(' ').Where(numbers.ContainsKey).Select(name => (name, numbers[name]))];
    }

    public static IReadOnlyDictionary<string, uint> Numbers(ElfMachine machine) =>
        Enumerable
            .Range(0, 512)
            .DistinctBy(n => SyscallNames.Name(machine, n), StringComparer.Ordinal)
            .ToDictionary(n => SyscallNames.Name(machine, n), n => (uint)n, StringComparer.Ordinal);

    /// <summary>
    /// What the helper for names can still do: work with its memory, its threads and the descriptors that it has. No call that opens a path
    /// (newfstatat is how the C library asks for a descriptor's size), starts a program, reaches another process or makes a socket is
    /// among them. What the runtime asks for besides gets EACCES, and it does without.
    /// </summary>
    private const string HelperCalls =
        "read write readv writev pread64 preadv lseek close dup fcntl fstat newfstatat poll ppoll recvmsg "
        + "mmap munmap mprotect madvise mremap brk mincore membarrier "
        + "futex exit exit_group set_robust_list rseq set_tid_address gettid getpid tgkill sched_yield sched_getaffinity sched_setaffinity "
        + "rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack restart_syscall nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday "
        + "getrandom getrusage getcpu sysinfo uname get_mempolicy arch_prctl";

    /// <summary>The names and numbers of what <see cref="BuildForHelper"/> lets pass, besides threads by clone.</summary>
    public static IReadOnlyList<(string Name, uint Number)> CallsOfHelper(ElfMachine machine)
    {
        var numbers = Numbers(machine);
        return [.. HelperCalls.Split(' ').Where(numbers.ContainsKey).Select(name => (name, numbers[name]))];
    }

    /// <summary>A list of what is allowed: the helper's needs are few.</summary>
    public static IReadOnlyList<FilterInstruction> BuildForHelper(ElfMachine machine)
    {
        var (calls, numbers) = (CallsOfHelper(machine), Numbers(machine));
        List<FilterInstruction> program = [new(Load, 0, 0, Machine)];
        int allow = 5 + calls.Count + 1,
            clone = allow + 1,
            refuse = clone + 2,
            notThere = refuse + 1;

        byte To(int target) => checked((byte)(target - program.Count - 1));

        program.Add(new(JumpEqual, 0, To(refuse), machine == ElfMachine.X64 ? 0xc000003e : 0xc00000b7));
        program.Add(new(Load, 0, 0, Number));
        program.Add(new(JumpEqual, To(clone), 0, numbers["clone"]));
        program.Add(new(JumpEqual, To(notThere), 0, numbers["clone3"]));
        foreach (var (_, number) in calls)
            program.Add(new(JumpEqual, To(allow), 0, number));
        program.Add(new(Return, 0, 0, Error | Refused));
        program.Add(new(Return, 0, 0, Allow));
        program.Add(new(Load, 0, 0, FirstArgument));
        program.Add(new(JumpBits, To(allow + 4 + 1), To(refuse), ThreadFlag));
        program.Add(new(Return, 0, 0, Error | Refused));
        program.Add(new(Return, 0, 0, Error | NotThere));
        program.Add(new(Return, 0, 0, Allow));
        return program;
    }

    /// <summary>CLONE_THREAD: a thread, and not a process.</summary>
    private const uint ThreadFlag = 0x00010000;

    /// <param name="network">True when a server of debug files is to be asked.</param>
    /// <param name="server">
    /// The own pid of who serves metrics, which takes connections on a socket that is there, and signals no other process; null for the agent.
    /// </param>
    public static IReadOnlyList<FilterInstruction> Build(ElfMachine machine, bool network, int? server = null)
    {
        var (calls, numbers) = (Calls(machine, network, accepts: server is not null), Numbers(machine));
        List<FilterInstruction> program = [new(Load, 0, 0, Machine)];
        string[] signals = server is null ? [] : SignalsOfProcess;
        int comparisons = calls.Count + (machine == ElfMachine.X64 ? 3 : 2);
        var opens = network ? [] : Opens(numbers);
        comparisons += opens.Count + signals.Length + (network ? 0 : 1);
        int clone = 4 + comparisons,
            open = clone + 3,
            signal = open + opens.Count * 3,
            refuse = signal + (server is null ? 0 : 3),
            notThere = refuse + 1;

        // offsets count from the next instruction, and lead forward only
        byte To(int target) => checked((byte)(target - program.Count - 1));

        // another machine's numbers (int 0x80 on x86-64) mean other calls
        program.Add(new(JumpEqual, 0, To(refuse), machine == ElfMachine.X64 ? 0xc000003e : 0xc00000b7)); // AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64
        program.Add(new(Load, 0, 0, Number));
        if (machine == ElfMachine.X64)
            program.Add(new(JumpBits, To(refuse), 0, 0x40000000)); // the numbers of x32
        program.Add(new(JumpEqual, To(clone), 0, numbers["clone"]));
        program.Add(new(JumpEqual, To(notThere), 0, numbers["clone3"]));
        if (!network)
            program.Add(new(JumpEqual, To(notThere), 0, numbers["openat2"]));
        foreach (var (i, (number, _)) in opens.Index())
            program.Add(new(JumpEqual, To(open + i * 3), 0, number));
        foreach (string call in signals)
            program.Add(new(JumpEqual, To(signal), 0, numbers[call]));
        foreach (var (_, number) in calls)
            program.Add(new(JumpEqual, To(refuse), 0, number));
        program.Add(new(Return, 0, 0, Allow));
        program.Add(new(Load, 0, 0, FirstArgument));
        program.Add(new(JumpBits, To(refuse), 0, NewNamespaces));
        program.Add(new(Return, 0, 0, Allow));
        foreach (var (_, flags) in opens)
        {
            program.Add(new(Load, 0, 0, flags));
            program.Add(new(JumpBits, To(refuse), 0, OpenForWriting));
            program.Add(new(Return, 0, 0, Allow));
        }

        if (server is { } self)
        {
            program.Add(new(Load, 0, 0, FirstArgument));
            program.Add(new(JumpEqual, 0, To(refuse), (uint)self));
            program.Add(new(Return, 0, 0, Allow));
        }

        program.Add(new(Return, 0, 0, Error | Refused));
        program.Add(new(Return, 0, 0, Error | NotThere));
        return program;
    }
}
