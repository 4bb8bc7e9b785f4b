using System.Diagnostics;

namespace Hud.Tests.Support;

/// <summary>
/// A copy of a program that is started soon. <c>cp</c> writes it: were this process to, another test's child could have the open file for the moment
/// between fork and exec, and the kernel starts no program that somebody may write to (ETXTBSY).
/// </summary>
internal static class CopiedProgram
{
    public static void To(string original, string copy)
    {
        using var cp = Process.Start("cp", ["--", original, copy]);
        cp.WaitForExit();
        if (cp.ExitCode != 0)
            throw new IOException($"cp {original} {copy} ended with {cp.ExitCode}");
    }
}
