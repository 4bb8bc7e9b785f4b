using Hud.Elf;

namespace Hud.Symbolization;

/// <summary>The head of one unit's line table (DWARF 5, section 6.2.4; versions 2 to 4 before it).</summary>
internal sealed class LineHeader
{
    private const int FormBlock = 0x09,
        FormData1 = 0x0b,
        FormData2 = 0x05,
        FormData4 = 0x06,
        FormData8 = 0x07,
        FormData16 = 0x1e,
        FormString = 0x08,
        FormUdata = 0x0f,
        FormStrp = 0x0e,
        FormLineStrp = 0x1f;

    private readonly LineSections sections;
    private readonly List<TextPlace> folders = [];
    private readonly List<(TextPlace Name, ulong Folder)> files = [];
    private readonly Dictionary<ulong, string> paths = [];

    private LineHeader(LineSections sections) => this.sections = sections;

    public int FileCount => files.Count;

    public int Version { get; private init; }

    public byte MinInstruction { get; private init; }

    public sbyte LineBase { get; private init; }

    public byte LineRange { get; private init; }

    public byte OpcodeBase { get; private init; }

    /// <summary>How many operands each standard opcode has; index 0 is unused.</summary>
    public byte[] Operands { get; private init; } = [];

    /// <summary>Where the program lies in .debug_line.</summary>
    public Range Program { get; private init; }

    /// <summary>Null when it is damaged or of a version that is not known.</summary>
    public static LineHeader? Read(LineSections sections, ulong offset)
    {
        var all = sections.Lines;
        if (offset >= (ulong)all.Length)
        {
            return null;
        }

        var reader = new DwarfReader(all[(int)offset..]);
        ulong length = reader.U32();
        var wide = length == 0xffffffff;
        length = wide ? reader.U64() : length;
        var end = (ulong)reader.Position + length;
        var version = reader.U16();
        if (reader.Failed || length > (ulong)all.Length || end > (ulong)reader.Length || version is < 2 or > 5)
        {
            return null;
        }

        if (version >= 5)
        {
            reader.Take(2); // sizes of an address and of a segment selector
        }

        var headLength = wide ? reader.U64() : reader.U32();
        var program = (ulong)reader.Position + headLength;
        var minInstruction = reader.U8();
        if (version >= 4)
        {
            reader.U8(); // operations of an instruction: 1 but for VLIW
        }

        reader.U8(); // whether rows are statements at the start
        var lineBase = (sbyte)reader.U8();
        var lineRange = reader.U8();
        var opcodeBase = reader.U8();
        byte[] operands = [0, .. reader.Take((ulong)Math.Max(0, opcodeBase - 1))];
        if (reader.Failed || lineRange == 0 || opcodeBase == 0 || headLength > end || program > end)
        {
            return null;
        }

        var header = new LineHeader(sections)
        {
            Version = version,
            MinInstruction = minInstruction,
            LineBase = lineBase,
            LineRange = lineRange,
            OpcodeBase = opcodeBase,
            Operands = operands,
            Program = new Range((int)(offset + program), (int)(offset + end)),
        };
        if (version >= 5)
        {
            header.ReadTable(ref reader, offset, wide, (name, _) => header.folders.Add(name));
            header.ReadTable(ref reader, offset, wide, (name, folder) => header.files.Add((name, folder)));
        }
        else
        {
            header.ReadOldTables(ref reader, offset);
        }

        return header;
    }

    /// <summary>As written, behind its folder; "" when there is none of that number.</summary>
    public string PathOf(ulong file)
    {
        if (!paths.TryGetValue(file, out var path))
        {
            path = ReadPath(file);
            if (paths.Count < DwarfLimits.MaxFilesOfUnit)
            {
                paths[file] = path;
            }
        }

        return path;
    }

    private string ReadPath(ulong file)
    {
        // numbers start at 1 before version 5, and folder 0 is the unit's own
        var at = Version >= 5 ? file : file - 1;
        if (at >= (ulong)files.Count)
        {
            return "";
        }

        var (place, folder) = files[(int)at];
        folder = Version >= 5 ? folder : folder - 1;
        var name = sections.TextAt(place);
        var before =
            name.StartsWith('/') || folder >= (ulong)folders.Count ? "" : sections.TextAt(folders[(int)folder]);
        return before.Length == 0 ? name : $"{before.TrimEnd('/')}/{name}";
    }

    private void ReadOldTables(ref DwarfReader reader, ulong offset)
    {
        for (
            var at = reader.Position;
            folders.Count < DwarfLimits.MaxFilesOfUnit && !reader.CString().IsEmpty;
            at = reader.Position
        )
        {
            folders.Add(new TextPlace(TextSection.Lines, offset + (ulong)at));
        }

        for (
            var at = reader.Position;
            files.Count < DwarfLimits.MaxFilesOfUnit && !reader.CString().IsEmpty;
            at = reader.Position
        )
        {
            files.Add((new TextPlace(TextSection.Lines, offset + (ulong)at), reader.Uleb()));
            reader.Uleb(); // time of change
            reader.Uleb(); // length
        }
    }

    private void ReadTable(ref DwarfReader reader, ulong offset, bool wide, Action<TextPlace, ulong> add)
    {
        var formats = new (ulong Content, ulong Form)[reader.U8()];
        for (var i = 0; i < formats.Length; i++)
        {
            formats[i] = (reader.Uleb(), reader.Uleb());
        }

        var count = reader.Uleb();
        for (ulong i = 0; i < count && i < DwarfLimits.MaxFilesOfUnit && formats.Length > 0; i++)
        {
            var name = default(TextPlace);
            ulong folder = 0;
            foreach (var (content, form) in formats)
            {
                var (text, number) = Value(ref reader, offset, wide, form);
                name = content == 1 ? text : name;
                folder = content == 2 ? number : folder;
            }

            if (reader.Failed)
            {
                return;
            }

            add(name, folder);
        }
    }

    private static (TextPlace Text, ulong Number) Value(ref DwarfReader reader, ulong offset, bool wide, ulong form)
    {
        var text = new TextPlace(TextSection.Lines, offset + (ulong)reader.Position);
        switch (form)
        {
            case FormString:
                reader.CString();
                return (text, 0);
            case FormLineStrp or FormStrp:
                return (
                    new TextPlace(
                        form == FormStrp ? TextSection.Texts : TextSection.LineTexts,
                        wide ? reader.U64() : reader.U32()
                    ),
                    0
                );
            case FormUdata:
                return (default, reader.Uleb());
            case FormData1:
                return (default, reader.U8());
            case FormData2:
                return (default, reader.U16());
            case FormData4:
                return (default, reader.U32());
            case FormData8:
                return (default, reader.U64());
            case FormData16:
                reader.Take(16);
                return default;
            case FormBlock:
                reader.Take(reader.Uleb());
                return default;
            default:
                reader.Take(ulong.MaxValue); // its length is not known, so nothing behind it can be read
                return default;
        }
    }
}
