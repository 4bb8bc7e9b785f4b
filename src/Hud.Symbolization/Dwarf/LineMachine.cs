using Hud.Elf;

namespace Hud.Symbolization;

/// <summary>Runs a line program (DWARF 5, section 6.2.5) from row to row. A bad instruction ends it.</summary>
internal ref struct LineMachine(
    ReadOnlySpan<byte> program,
    LineHeader header,
    ulong address = 0,
    uint file = 1,
    uint line = 1
)
{
    private DwarfReader reader = new(program);

    public ulong Address { get; private set; } = address;

    public uint File { get; private set; } = file;

    public uint Line { get; private set; } = line;

    /// <summary>The row says only where the sequence ends. What follows is another one, and starts over.</summary>
    public bool EndOfSequence { get; private set; }

    /// <summary>Bytes of the program that were read.</summary>
    public readonly int Position => reader.Position;

    /// <summary>To the next row; false at the program's end.</summary>
    public bool Next()
    {
        if (EndOfSequence)
        {
            (Address, File, Line, EndOfSequence) = (0, 1, 1, false);
        }

        while (!reader.AtEnd)
        {
            var opcode = reader.U8();
            if (opcode >= header.OpcodeBase)
            {
                var step = opcode - header.OpcodeBase;
                Advance((ulong)(step / header.LineRange));
                Line = unchecked((uint)(Line + header.LineBase + (step % header.LineRange)));
                return true;
            }

            if (Execute(opcode))
            {
                return !reader.Failed;
            }
        }

        return false;
    }

    private void Advance(ulong instructions) => Address = unchecked(Address + (instructions * header.MinInstruction));

    /// <returns>True when it made a row.</returns>
    private bool Execute(byte opcode)
    {
        switch (opcode)
        {
            case 0:
                return Extended();
            case 1: // copy
                return true;
            case 2: // advance_pc
                Advance(reader.Uleb());
                break;
            case 3: // advance_line
                Line = unchecked((uint)(Line + reader.Sleb()));
                break;
            case 4: // set_file
                File = (uint)Math.Min(reader.Uleb(), uint.MaxValue);
                break;
            case 8: // const_add_pc
                Advance((ulong)((255 - header.OpcodeBase) / header.LineRange));
                break;
            case 9: // fixed_advance_pc
                Address = unchecked(Address + reader.U16());
                break;
            default: // columns, marks, and what later versions bring
                for (var operands = header.Operands[opcode]; operands > 0; operands--)
                {
                    reader.Uleb();
                }

                break;
        }

        return false;
    }

    private bool Extended()
    {
        var length = reader.Uleb();
        var start = reader.Position;
        var opcode = length > 0 ? reader.U8() : (byte)0;
        if (opcode == 2 && length == 9)
        {
            Address = reader.U64();
        }

        // to the end of the instruction, whatever it was
        reader.Take(length - Math.Min(length, (ulong)(reader.Position - start)));
        EndOfSequence = opcode == 1;
        return EndOfSequence;
    }
}
