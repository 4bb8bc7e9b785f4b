using System.Globalization;
using Hud.Elf;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Run;

/// <summary>A process that has code of a file mapped.</summary>
internal sealed record FileSharer(int Pid, IReadOnlyList<Mapping> Mappings);

/// <summary>
/// The processes that run code of a file, whoever they belong to: breakpoints are put into a file, and where the kernel cannot
/// keep them to one process they are in all of these.
/// </summary>
internal static class FileSharers
{
    private const int MaxProcesses = 65_536;

    /// <summary>
    /// All processes that the probes of a target reach: itself alone, or all with the same file, where this kernel cannot
    /// distinguish them. Null when they could not be looked at in time.
    /// </summary>
    public static IReadOnlyList<int>? Reached(TargetProcess target, bool everywhere, long deadline)
    {
        var pids = new HashSet<int> { target.Pid };
        if (!everywhere)
            return [.. pids];
        var own = TargetFiles.ReadMaps(target.Pid).Mappings.ToArray().Where(m => m.Executable && m.IsFile).ToList();
        foreach (var file in target.TokioFiles)
        {
            if (own.Find(m => IsFile(target.Pid, m, file.Source)) is not { } known)
                continue;
            if (Find(file.Source, known, deadline) is not { } sharers)
                return null;
            pids.UnionWith(sharers.Select(s => s.Pid));
        }

        return [.. pids];
    }

    /// <param name="known">a mapping of the file in the target</param>
    /// <param name="deadline">monotonic; what is not looked at by then is not there to be judged, and the answer is null</param>
    public static IReadOnlyList<FileSharer>? Find(FileByteSource file, Mapping known, long deadline)
    {
        var found = new List<FileSharer>();
        foreach (int pid in Pids())
        {
            if (AgentClock.NowNs > deadline)
                return null;
            var mappings = TargetFiles
                .ReadMaps(pid)
                .Mappings.ToArray()
                .Where(m => m.Executable && MayBe(m, known) && IsFile(pid, m, file))
                .ToList();
            if (mappings.Count > 0)
                found.Add(new FileSharer(pid, mappings));
        }

        return found;
    }

    /// <summary>
    /// Overlay and btrfs show other device numbers, and newer kernels other inodes, for one file that containers share: a
    /// mapping of the same name or number is looked at more closely.
    /// </summary>
    private static bool MayBe(Mapping mapping, Mapping known) =>
        mapping.IsFile && (mapping.Inode == known.Inode || mapping.Path == known.Path);

    /// <summary>Same size and the same first page: the same file, or one that might as well be.</summary>
    internal static bool IsFile(int pid, Mapping mapping, FileByteSource file)
    {
        if (!FileByteSource.TryOpen($"/proc/{pid}/map_files/{mapping.MapFilesName}", out var other, out _))
            return true; // it may be the same file, so it counts
        using (other)
        {
            if (other.Facts.Device == file.Facts.Device && other.Facts.Inode == file.Facts.Inode)
                return true;
            Span<byte> ours = new byte[4096],
                theirs = new byte[4096];
            int read = file.Read(0, ours);
            return other.Length == file.Length
                && other.Read(0, theirs) == read
                && ours[..read].SequenceEqual(theirs[..read]);
        }
    }

    private static IEnumerable<int> Pids()
    {
        IEnumerable<string> folders;
        try
        {
            folders = Directory.EnumerateDirectories("/proc").Take(MaxProcesses).ToList();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }

        return folders
            .Select(f => int.TryParse(Path.GetFileName(f), CultureInfo.InvariantCulture, out int pid) ? pid : 0)
            .Where(pid => pid > 0);
    }
}
