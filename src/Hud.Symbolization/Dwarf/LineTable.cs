using System.Runtime.InteropServices;

namespace Hud.Symbolization;

/// <summary>
/// Lines of one unit. libdw keeps every row of every unit it was asked about, about 100 bytes each until the file is closed: with a large
/// program that is more than a gigabyte. Here only some rows are kept, to start from, and those between are worked out again.
/// </summary>
internal sealed class LineTable : ILines
{
    /// <summary>Rows from one that is kept to the next.</summary>
    private const int RowsOfPiece = 128;

    /// <summary>From a row on: the state of the machine behind it.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Piece(int Offset, uint File, uint Line);

    private readonly LineSections sections;
    private readonly LineHeader header;
    private readonly DieRange[] ranges;
    private readonly Piece[] pieces;

    private LineTable(LineSections sections, LineHeader header, DieRange[] ranges, Piece[] pieces) =>
        (this.sections, this.header, this.ranges, this.pieces) = (sections, header, ranges, pieces);

    /// <summary>Kept rows and files, 40 bytes each.</summary>
    public int Count => pieces.Length + header.FileCount;

    /// <param name="offset">of the unit's table in .debug_line</param>
    public static ILines Read(LineSections sections, ulong offset)
    {
        if (LineHeader.Read(sections, offset) is not { } header)
        {
            return NoLines.Instance;
        }

        var places = new List<DieRange>();
        var states = new List<Piece>();
        var machine = new LineMachine(sections.Lines[header.Program], header);
        ulong start = 0;
        var rows = 0;
        while (states.Count < DwarfLimits.MaxFunctionsOfUnit && machine.Next())
        {
            if (rows > 0 && (machine.EndOfSequence || rows >= RowsOfPiece))
            {
                // address 0 marks code that the linker threw away
                if (start != 0 && machine.Address > start)
                {
                    places.Add(new DieRange(start, machine.Address, states.Count - 1));
                }

                rows = 0;
            }

            if (!machine.EndOfSequence && rows++ == 0)
            {
                start = machine.Address;
                states.Add(new Piece(machine.Position, machine.File, machine.Line));
            }
        }

        return new LineTable(sections, header, DieRange.Sorted(places), [.. states]);
    }

    public (string Path, int Line) At(ulong address)
    {
        var at = DieRange.Search(ranges, address, out var start);
        if (at < 0)
        {
            return ("", 0);
        }

        // the last row at or before the address
        var piece = pieces[at];
        var (file, line) = (piece.File, piece.Line);
        var machine = new LineMachine(sections.Lines[header.Program][piece.Offset..], header, start, file, line);
        while (machine.Next() && !machine.EndOfSequence && machine.Address <= address)
        {
            (file, line) = (machine.File, machine.Line);
        }

        return (PathOf(file), (int)Math.Min(line, int.MaxValue));
    }

    public string PathOf(ulong file) => header.PathOf(file);
}
