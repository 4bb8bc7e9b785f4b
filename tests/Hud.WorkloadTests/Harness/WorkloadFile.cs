using System.Globalization;
using Hud.Elf;

namespace Hud.WorkloadTests.Harness;

/// <summary>
/// What a program's file says of itself. Of one without symbols it is the file that it was before they were removed: the sets <c>stripped</c>
/// and <c>release</c> come from one build, and so do <c>lto-stripped</c> and <c>lto-abort</c>.
/// </summary>
internal static class WorkloadFile
{
    private const int MostText = 64 << 20;

    /// <summary>The set with the symbols; null where this one has them.</summary>
    public static string? Twin(string set) =>
        !set.EndsWith("stripped", StringComparison.Ordinal) ? null
        : set.EndsWith("-lto-stripped", StringComparison.Ordinal)
            ? set.Replace("-lto-stripped", "-lto-abort", StringComparison.Ordinal)
        : set.Replace("-stripped", "-release", StringComparison.Ordinal);

    /// <summary>The frame, as a report shows one without a name (<c>behind+0x1f3a0</c>), lies in this function.</summary>
    public static bool IsIn(string set, string program, string frame, string function)
    {
        string mark = program + "+0x";
        if (
            !frame.StartsWith(mark, StringComparison.Ordinal)
            || !ulong.TryParse(frame[mark.Length..], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong at)
        )
            return false;
        var (stripped, release) = (Open(set, program), Open(Twin(set)!, program));
        Assert.Equal(Text(release), Text(stripped));
        return release.Functions.TryFind(at, out var found)
            && release.Functions.NameOf(found).Contains($"{function.Length}{function}17h", StringComparison.Ordinal);
    }

    /// <summary>
    /// A function's symbol names this async fn's future. Types whose destructors are the same code share one, and the linker keeps one name of
    /// several: such a type has no name in the file, or that of another.
    /// </summary>
    public static bool Names(string set, string program, string function)
    {
        var functions = Open(set, program).Functions;
        foreach (var one in functions.Functions)
        {
            if (functions.NameOf(one).Contains($"{program}..{function}..", StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    private static ElfFile Open(string set, string program)
    {
        string path = Repository.Workload(set, program);
        Repository.Require(path);
        Assert.True(FileByteSource.TryOpen(path, out var source, out string error), error);
        Assert.True(ElfFile.TryOpen(source, out var elf, out error), error);
        return elf;
    }

    private static byte[] Text(ElfFile elf)
    {
        Assert.True(elf.TryReadSection(elf.FindSection(".text")!, MostText, out byte[] bytes));
        return bytes;
    }
}
