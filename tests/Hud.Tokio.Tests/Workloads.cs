using Hud.Elf;
using Hud.Tests.Support;

namespace Hud.Tokio.Tests;

/// <summary>Real Tokio programs of each compiler option, as tests/workloads/build.sh makes them.</summary>
internal static class Workloads
{
    private static string? Folder
    {
        get
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                string candidate = Path.Combine(folder.FullName, "out", "workloads");
                if (Directory.Exists(candidate))
                    return candidate;
            }

            return null;
        }
    }

    /// <summary>Skips the test when it is not built.</summary>
    public static ElfFile Open(string set, string name)
    {
        string path = Path.Combine(Folder ?? "out/workloads", set, name);
        if (!File.Exists(path))
            Missing.Because($"{set}/{name} is not built (tests/workloads/build.sh tests)");
        Assert.True(FileByteSource.TryOpen(path, out var source, out string error), error);
        Assert.True(ElfFile.TryOpen(source, out var elf, out error), error);
        return elf;
    }
}
