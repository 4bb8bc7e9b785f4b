using System.Runtime.InteropServices;

namespace Hud.Symbolization;

internal enum TextSection
{
    /// <summary>.debug_line itself</summary>
    Lines,

    /// <summary>.debug_line_str</summary>
    LineTexts,

    /// <summary>.debug_str</summary>
    Texts,
}

/// <summary>Where a text begins, which is read when it is asked for.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TextPlace(TextSection Section, ulong Offset);

/// <summary>The sections that line tables are made of, as the library has them: mapped, or unpacked by it.</summary>
internal sealed unsafe class LineSections
{
    private readonly (nint Start, int Length) lines;
    private readonly (nint Start, int Length) lineTexts;
    private readonly (nint Start, int Length) texts;

    internal LineSections(
        (nint Start, int Length) lines,
        (nint Start, int Length) lineTexts,
        (nint Start, int Length) texts
    ) => (this.lines, this.lineTexts, this.texts) = (lines, lineTexts, texts);

    public LineSections(nint elf)
    {
        nuint names;
        if (Interop.elf_getshdrstrndx(elf, &names) != 0)
        {
            return;
        }

        for (var section = Interop.elf_nextscn(elf, 0); section != 0; section = Interop.elf_nextscn(elf, section))
        {
            // a compressed section of the older form keeps its name (.zdebug_line)
            var header = Interop.elf64_getshdr(section);
            switch (header is null ? "" : Interop.Text(Interop.elf_strptr(elf, names, header->Name)))
            {
                case ".debug_line" or ".zdebug_line":
                    lines = Bytes(section);
                    break;
                case ".debug_line_str" or ".zdebug_line_str":
                    lineTexts = Bytes(section);
                    break;
                case ".debug_str" or ".zdebug_str":
                    texts = Bytes(section);
                    break;
            }
        }
    }

    public ReadOnlySpan<byte> Lines => new((void*)lines.Start, lines.Length);

    /// <summary>A text, up to its zero byte; "" outside of the section.</summary>
    public string TextAt(TextPlace place)
    {
        var (start, length) = place.Section switch
        {
            TextSection.Lines => lines,
            TextSection.LineTexts => lineTexts,
            _ => texts,
        };
        if (place.Offset >= (ulong)length)
        {
            return "";
        }

        var bytes = new ReadOnlySpan<byte>(
            (byte*)start + place.Offset,
            (int)Math.Min((ulong)length - place.Offset, DwarfLimits.MaxPath)
        );
        var end = bytes.IndexOf((byte)0);
        return System.Text.Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    private static (nint, int) Bytes(nint section)
    {
        var data = Interop.elf_rawdata(section, null);
        return data is null || data->Bytes == 0 || data->Size > int.MaxValue ? (0, 0) : (data->Bytes, (int)data->Size);
    }
}
