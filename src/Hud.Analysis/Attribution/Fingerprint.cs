using System.Text;
using Hud.Core;

namespace Hud.Analysis;

/// <summary>Names a stack: the same in every run of a build, and in later builds as long as the functions keep their names.
/// Lines, run-time addresses, hashes in symbols and the depth of recursion do not count. A frame without a name counts with
/// its module's name and its ELF address: the same in every run, not in the next build.</summary>
public static class Fingerprint
{
    /// <returns>16 hex digits</returns>
    public static string Of(IReadOnlyList<Frame> frames)
    {
        ArgumentNullException.ThrowIfNull(frames);
        var hash = new Sha256();
        var previous = "";
        foreach (var frame in frames)
        {
            // whether kernel frames are there depends on the reader's rights, not on the program
            if (frame.Kind == Hud.Core.Profile.FrameKind.Kernel || frame.Function == previous)
            {
                continue;
            }

            previous = frame.Function;
            hash.Append(Encoding.UTF8.GetBytes(StableName(frame.Function)));
            hash.Append("\n"u8);
        }

        return hash.Finish()[..16];
    }

    /// <summary>Of words that belong together; no choice of words looks like another one's.</summary>
    /// <returns>16 hex digits</returns>
    public static string Of(params ReadOnlySpan<string> words)
    {
        var hash = new Sha256();
        foreach (var word in words)
        {
            hash.Append(Encoding.UTF8.GetBytes($"{word.Length}:{word}"));
        }

        return hash.Finish()[..16];
    }

    /// <summary>Local copies made by the optimizer carry numbers that change with every build.</summary>
    internal static string StableName(string function)
    {
        foreach (var mark in (ReadOnlySpan<string>)[".llvm.", ".cold", ".part.", ".constprop.", ".isra.", ".lto_priv."])
        {
            var at = function.IndexOf(mark, StringComparison.Ordinal);
            if (at > 0)
            {
                return function[..at];
            }
        }

        return function;
    }
}
