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
    /// <summary>No connection to anybody, and none taken from another process. Sockets of the machine are no exception: a container runtime listens on one.</summary>
    private const string Network = "socket connect bind listen accept accept4 pidfd_getfd";

    private const string Rest =
        // stands beside all other calls, also beside the network's
        "io_uring_setup io_uring_enter io_uring_register "
        +
        // other processes are read through /proc; nobody is stopped or written to
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

    public const int Refused = 13; // EACCES
    private const int NotThere = 38; // ENOSYS: the C library then takes clone, whose flags can be seen

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
        FirstArgument = 16;

    // linux/seccomp.h
    private const uint Allow = 0x7fff0000,
        Error = 0x00050000;

    /// <summary>What is refused: names and numbers on one machine. A call that it does not have is left out.</summary>
    public static IReadOnlyList<(string Name, uint Number)> Calls(ElfMachine machine, bool network)
    {
        var numbers = Numbers(machine);
        return
        [
            .. (network ? Rest : Network + " " + Rest)
                .Split(' ')
                .Where(numbers.ContainsKey)
                .Select(name => (name, numbers[name])),
        ];
    }

    public static IReadOnlyDictionary<string, uint> Numbers(ElfMachine machine) =>
        Enumerable
            .Range(0, 512)
            .DistinctBy(n => SyscallNames.Name(machine, n), StringComparer.Ordinal)
            .ToDictionary(n => SyscallNames.Name(machine, n), n => (uint)n, StringComparer.Ordinal);

    /// <param name="network">True when a server of debug files is to be asked.</param>
    public static IReadOnlyList<FilterInstruction> Build(ElfMachine machine, bool network)
    {
        var (calls, numbers) = (Calls(machine, network), Numbers(machine));
        List<FilterInstruction> program = [new(Load, 0, 0, Machine)];
        int comparisons = calls.Count + (machine == ElfMachine.X64 ? 3 : 2);
        int clone = 4 + comparisons,
            refuse = clone + 3,
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
        foreach (var (_, number) in calls)
            program.Add(new(JumpEqual, To(refuse), 0, number));
        program.Add(new(Return, 0, 0, Allow));
        program.Add(new(Load, 0, 0, FirstArgument));
        program.Add(new(JumpBits, To(refuse), 0, NewNamespaces));
        program.Add(new(Return, 0, 0, Allow));
        program.Add(new(Return, 0, 0, Error | Refused));
        program.Add(new(Return, 0, 0, Error | NotThere));
        return program;
    }
}
