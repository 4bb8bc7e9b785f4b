using Hud.Elf;
using Hud.NodeAgent.Proc;
using Hud.Tokio;

namespace Hud.NodeAgent.Run;

/// <summary>A file with Tokio tasks that a process runs.</summary>
/// <param name="Source">the open file whose bytes were read: probes are put on through this descriptor and no other way</param>
/// <param name="Name">as the process names it</param>
/// <param name="Key">its <see cref="ElfFile.ContentKey"/></param>
internal sealed record TokioFile(FileByteSource Source, string Name, string Key, TokioBinary Tokio)
{
    public string OpenPath => Source.OwnPath;
}

/// <summary>
/// Where a process has its Tokio: in its executable and in the libraries that it has mapped (extensions of node, Python or Ruby,
/// plugins, a program that was started through the dynamic loader). Each has its own types, version and runtimes.
/// </summary>
internal static class TokioFiles
{
    private const int MaxLibraries = 512;

    public static IReadOnlyList<TokioFile> Find(int pid, TokioFile executable, AddressSpaceMap space, TargetFiles files)
    {
        var found = Libraries(space)
            .Select(mapping => Look(pid, mapping, files))
            .OfType<TokioFile>()
            .Where(file => file.Key != executable.Key)
            .ToList();
        return executable.Tokio.HasTokio || found.Count == 0 ? [executable, .. found] : found;
    }

    /// <summary>One mapping of each file that has code, in the order of their addresses.</summary>
    internal static IEnumerable<Mapping> Libraries(AddressSpaceMap space) =>
        space
            .Mappings.ToArray()
            .Where(m => m.IsFile && m.Executable)
            .DistinctBy(m => (m.DevMajor, m.DevMinor, m.Inode))
            .Take(MaxLibraries);

    /// <returns>Null when it has no Tokio, or cannot be read.</returns>
    internal static TokioFile? Look(int pid, Mapping mapping, TargetFiles files)
    {
        // most libraries have nothing to do with Tokio: those are not kept open
        if (!TargetFiles.TryOpen(pid, mapping, out var source, out var elf, files.Budget))
            return null;
        using (source)
        {
            if (elf.Machine != TargetInspector.NativeMachine || !TokioBinary.IsLikelyIn(elf))
                return null;
        }

        if (files.Open(pid, mapping) is not { Source: FileByteSource open } kept)
            return null;
        var tokio = TokioBinary.Discover(kept);
        return tokio.HasTokio ? new TokioFile(open, mapping.Path, kept.ContentKey, tokio) : null;
    }
}
