using Hud.Profiling.Elf;

namespace Hud.Profiling.Stacks;

/// <summary>
/// Rows for procedure linkage tables. GNU ld describes them in .eh_frame; lld and mold do not, and their stubs would
/// hide the caller of every shared function that is interrupted at its first instruction.
/// </summary>
internal static class PltRows
{
    // DW_OP_breg7 (rsp) 8; breg16 (rip) 0; lit15 and; lit11 ge; lit3 shl; plus: 8 more after a 16-byte entry's push,
    // which ends at byte 11. The rule that GNU ld itself writes.
    private static ReadOnlySpan<byte> LazyEntry => [0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22];

    public static void Add(ElfFile elf, RuleSet rules, RowSink sink, UnwindRows covered)
    {
        if (elf.Machine != ElfMachine.X64)
        {
            return;
        }

        foreach (var section in elf.Sections)
        {
            var lazy = section.Name == ".plt";
            var simple = section.Name is ".plt.sec" or ".plt.got" or ".iplt";
            if ((!lazy && !simple) || !section.Executable || section.Size < 16 || covered.Find(section.Address) != 0)
            {
                continue;
            }

            var end = section.Address + section.Size;
            if (!sink.Begin(section.Address, end))
            {
                continue;
            }

            if (lazy)
            {
                // The first entry pushes once more (6 bytes) on top of the index its caller pushed.
                sink.Row(section.Address, Fixed(rules, 16));
                sink.Row(section.Address + 6, Fixed(rules, 24));
                sink.Row(section.Address + 16, Lazy(rules));
            }
            else
            {
                sink.Row(section.Address, Fixed(rules, 8));
            }

            sink.End();
        }
    }

    private static int Fixed(RuleSet rules, int offset) =>
        Number(rules, new PackedRule(RuleKind.Register, UserRegisters.X64Rsp, offset));

    private static int Lazy(RuleSet rules) =>
        Number(rules, new PackedRule(RuleKind.Expression, 0, rules.AddExpression(LazyEntry)));

    private static int Number(RuleSet rules, PackedRule cfa)
    {
        var state = new FrameState(ElfMachine.X64) { Cfa = cfa };
        state.Set(UserRegisters.X64Rip, new PackedRule(RuleKind.AtCfaOffset, 0, -8));
        return rules.Number(state.Slots);
    }
}
