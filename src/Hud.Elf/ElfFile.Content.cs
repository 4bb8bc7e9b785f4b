using Hud.Core;

namespace Hud.Elf;

/// <summary>A key for what is made of a file. A build id alone is only what the file says of itself: a hostile one would be given,
/// and would spoil, the tables and names of another.</summary>
public sealed partial class ElfFile
{
    /// <summary>Sections that stacks and function names are made of. Debug information is too large to be read for a key; its sections
    /// count with their places and sizes.</summary>
    private static readonly string[] KeyedSections =
    [
        ".eh_frame_hdr",
        ".eh_frame",
        ".dynsym",
        ".dynstr",
        ".plt",
        ".plt.sec",
        ".plt.got",
        ".symtab",
        ".strtab",
        ".gnu_debugdata",
        ".gnu_debuglink",
        ".debug_frame",
    ];

    private readonly Lazy<string> _contentKey;

    /// <summary>The same for two files only if length, build id, segments, sections, unwind tables and symbols are the same (a hash of up to
    /// <see cref="ElfLimits.MaxKeyBytes"/> of them). It is of this process alone.</summary>
    public string ContentKey => _contentKey.Value;

    private string MakeContentKey()
    {
        var hash = new SecretHash();
        Add($"{Source.Length} {BuildId} {Machine} {Type} {EntryPoint}\n");
        foreach (var segment in Segments)
        {
            Add($"{segment}\n");
        }

        foreach (var section in Sections)
        {
            Add($"{section}\n");
        }

        long budget = ElfLimits.MaxKeyBytes;
        foreach (var name in KeyedSections)
        {
            if (FindSection(name) is { HasBytes: true } section)
            {
                AddBytes(section.Offset, section.Size);
            }
        }

        // a file without section headers is unwound with what its segments hold
        if (Sections.Count == 0)
        {
            foreach (var load in _loads.Where(l => !l.Writable))
            {
                AddBytes(load.Offset, load.FileSize);
            }
        }

        return hash.Finish();

        void Add(string text) => hash.Append(System.Text.Encoding.UTF8.GetBytes(text));

        void AddBytes(ulong offset, ulong size)
        {
            var buffer = new byte[1 << 16];
            for (var left = (long)Math.Min(size, (ulong)budget); left > 0; )
            {
                var read = Source.Read((long)offset, buffer.AsSpan(0, (int)Math.Min(left, buffer.Length)));
                if (read <= 0)
                {
                    return;
                }

                hash.Append(buffer.AsSpan(0, read));
                offset += (ulong)read;
                left -= read;
                budget -= read;
            }
        }
    }
}
