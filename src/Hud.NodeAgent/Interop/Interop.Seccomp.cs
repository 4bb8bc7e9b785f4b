using System.Runtime.InteropServices;
using Hud.NodeAgent.Confine;

namespace Hud.NodeAgent.Interop;

internal static unsafe partial class Libc
{
    // struct sock_fprog of linux/filter.h
    private struct FilterProgram
    {
        public ushort Length;
        public FilterInstruction* Filter;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int prctl(int option, nint a, nint b, nint c, nint d);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    /// <summary>
    /// seccomp(2): puts a filter over every thread of this process, and over what it starts from now on, for good. Returns 0, minus errno, or
    /// the id of a thread that has another filter of its own.
    /// </summary>
    internal static int Confine(ReadOnlySpan<FilterInstruction> program)
    {
        const int noNewPrivileges = 38,
            setFilter = 1,
            allThreads = 1;
        if (prctl(noNewPrivileges, 1, 0, 0, 0) != 0)
            return -Marshal.GetLastPInvokeError();
        fixed (FilterInstruction* filter = program)
        {
            var described = new FilterProgram { Length = (ushort)program.Length, Filter = filter };
            long result = Syscall3(IsArm ? 277 : 317, setFilter, allThreads, (nint)(&described));
            return result < 0 ? -Marshal.GetLastPInvokeError() : (int)result;
        }
    }

    internal static int NoNewPrivileges() => prctl(38, 1, 0, 0, 0);

    // struct __user_cap_header_struct, _LINUX_CAPABILITY_VERSION_3: two sets of 32 bits
    private struct CapabilityHeader
    {
        public uint Version;
        public int Pid;
    }

    private struct CapabilitySets
    {
        public uint Effective,
            Permitted,
            Inheritable,
            EffectiveHigh,
            PermittedHigh,
            InheritableHigh;
    }

    private static bool TryCapabilities(out CapabilitySets sets)
    {
        var header = new CapabilityHeader { Version = 0x20080522 };
        CapabilitySets found = default;
        bool ok = Syscall3(IsArm ? 90 : 125, (nint)(&header), (nint)(&found), 0) == 0;
        sets = found;
        return ok;
    }

    /// <summary>Of the calling thread.</summary>
    internal static bool HasCapability(int number) =>
        TryCapabilities(out var sets) && number < 32 && (sets.Effective >> number & 1) != 0;

    /// <summary>capset(2) for the calling thread alone: of the lower 32 capabilities those in the mask that it has, of the others none.</summary>
    internal static int KeepCapabilities(ulong mask)
    {
        if (!TryCapabilities(out var sets))
            return -1;
        uint kept = sets.Permitted & (uint)mask;
        var wanted = new CapabilitySets { Effective = kept, Permitted = kept };
        var header = new CapabilityHeader { Version = 0x20080522 };
        const int ambient = 47,
            clearAll = 4;
        _ = prctl(ambient, clearAll, 0, 0, 0);
        return (int)Syscall3(IsArm ? 91 : 126, (nint)(&header), (nint)(&wanted), 0);
    }

    [LibraryImport(Library)]
    private static partial uint geteuid();

    internal static bool IsRoot => geteuid() == 0;

    [LibraryImport(Library, SetLastError = true)]
    private static partial int setgroups(nuint count, uint* groups);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int setresgid(uint real, uint effective, uint saved);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int setresuid(uint real, uint effective, uint saved);

    /// <summary>Every thread of this process gets this user and group; the C library sees to that. Nothing happens without the right to it.</summary>
    internal static void BecomeUser(uint id)
    {
        _ = setgroups(0, null);
        if (setresgid(id, id, id) == 0)
            _ = setresuid(id, id, id);
    }

    /// <summary>socket(2) for a stream. Returns 0 when it was made, and closed again, or minus errno.</summary>
    /// <param name="family">1 is AF_UNIX, 2 is AF_INET.</param>
    internal static int TrySocket(int family)
    {
        int made = socket(family, 1, 0);
        return made < 0 ? -Marshal.GetLastPInvokeError() : close(made);
    }
}
