using System.Diagnostics.CodeAnalysis;

namespace Hud.Elf;

/// <summary>
/// A 64-bit little-endian ELF file for x86-64 or aarch64. Headers are read when it is opened; everything else on
/// demand, within <see cref="ElfLimits"/>. No member throws for what the file contains.
/// Layout: System V ABI, chapter 4 and 5 (object files, program loading).
/// </summary>
public sealed partial class ElfFile
{
    private readonly ElfSegment[] _loads;
    private readonly Lazy<string?> _buildId;
    private readonly Lazy<ElfSymbolTable> _functions;
    private readonly Lazy<Dictionary<long, ulong>> _dynamic;

    internal ElfFile(
        IByteSource source,
        ElfMachine machine,
        ElfType type,
        ulong entry,
        ElfSegment[] segments,
        ElfSection[] sections
    )
    {
        Source = source;
        Machine = machine;
        Type = type;
        EntryPoint = entry;
        Segments = segments;
        Sections = sections;
        _loads = [.. segments.Where(s => s.Type == ElfSegmentType.Load)];
        _buildId = new Lazy<string?>(() => ElfNotes.FindBuildId(this));
        _contentKey = new Lazy<string>(MakeContentKey);
        _functions = new Lazy<ElfSymbolTable>(() => ElfSymbolTable.Read(this));
        _dynamic = new Lazy<Dictionary<long, ulong>>(ReadDynamic);
    }

    public IByteSource Source { get; }

    public ElfMachine Machine { get; }

    public ElfType Type { get; }

    public ulong EntryPoint { get; }

    /// <summary>Program headers whose ranges do not overflow, in the file's order.</summary>
    public IReadOnlyList<ElfSegment> Segments { get; }

    /// <summary>Section headers; empty when the file has none or they cannot be read.</summary>
    public IReadOnlyList<ElfSection> Sections { get; }

    /// <summary>The PT_LOAD segments in the file's order.</summary>
    public ReadOnlySpan<ElfSegment> LoadSegments => _loads;

    /// <summary>Lower-case hex of the GNU build id; null when the file carries none.</summary>
    public string? BuildId => _buildId.Value;

    /// <summary>Functions of .symtab and .dynsym, sorted by address.</summary>
    public ElfSymbolTable Functions => _functions.Value;

    /// <summary>False with a sentence when the bytes are not an ELF file that Hud can use.</summary>
    public static bool TryOpen(IByteSource source, [NotNullWhen(true)] out ElfFile? elf, out string error)
    {
        var result = Open(source);
        elf = result.File;
        error = result.Text;
        return elf is not null;
    }

    public static ElfOpenResult Open(IByteSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return ElfHeaders.Read(source);
    }

    /// <summary>The first section of that name, or null.</summary>
    public ElfSection? FindSection(string name)
    {
        foreach (var section in Sections)
        {
            if (section.Name == name)
            {
                return section;
            }
        }

        return null;
    }

    public ElfSegment? FindSegment(ElfSegmentType type)
    {
        foreach (var segment in Segments)
        {
            if (segment.Type == type)
            {
                return segment;
            }
        }

        return null;
    }

    /// <summary>The bytes of a section as they are in the file (still compressed if the section is); false when it
    /// has none, is larger than <paramref name="maxBytes"/> or reaches past the file.</summary>
    public bool TryReadSection(ElfSection section, int maxBytes, out byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(section);
        bytes = [];
        if (
            !section.HasBytes
            || section.Size > (ulong)maxBytes
            || section.Offset > long.MaxValue
            || section.Offset + section.Size > (ulong)Source.Length
        )
        {
            return false;
        }

        bytes = new byte[section.Size];
        if (Source.TryReadExactly((long)section.Offset, bytes))
        {
            return true;
        }

        bytes = [];
        return false;
    }
}
