using System.Runtime.InteropServices;
using Hud.Elf;
using Hud.NodeAgent.Interop;

namespace Hud.NodeAgent.Confine;

/// <summary>
/// What the helper that reads strangers' debug information is left with: a few system calls on files that it was handed. Nothing can be
/// opened, started, signalled, connected or made.
/// </summary>
internal static class HelperSandbox
{
    public const uint Nobody = 65534;

    /// <summary>
    /// On the agent's thread that starts the helper, before it does. Where the helper can change its user it keeps what that takes, and the
    /// right to read its own files wherever they lie: all of it goes with the user, of every thread at once. Elsewhere it gets nothing: a thread
    /// gives up only its own capabilities, and the runtime has several. What a thread has given up does not come back with execve, not for
    /// root either, under no_new_privs.
    /// </summary>
    public static void BeforeStart()
    {
        const int setUser = 7,
            setGroup = 6,
            kill = 5,
            readSearch = 2;
        // the agent must be able to end a helper of another user
        bool changesUser = Libc.HasCapability(setUser) && Libc.HasCapability(setGroup) && Libc.HasCapability(kill);
        ulong keep = changesUser ? 1UL << readSearch | 1UL << setUser | 1UL << setGroup : 0;
        if (Libc.NoNewPrivileges() != 0 || Libc.KeepCapabilities(keep) != 0)
            throw new InvalidOperationException("the helper for names could not be started without the agent's rights");
    }

    /// <summary>In the helper, when all that it needs is loaded. Ends it where the kernel does not take the filter: names come from symbols then.</summary>
    public static void Enter()
    {
        Libc.BecomeUser(Nobody); // all capabilities go with it
        _ = Libc.KeepCapabilities(0);
        var machine =
            RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? ElfMachine.AArch64 : ElfMachine.X64;
        int result = Libc.Confine([.. SeccompFilter.BuildForHelper(machine)]);
        if (result != 0)
            Environment.Exit(3);
    }
}
