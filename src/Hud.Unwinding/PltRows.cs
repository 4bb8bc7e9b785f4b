using Hud.Elf;

namespace Hud.Unwinding;

/// <summary>
/// Rows for procedure linkage tables. GNU ld describes those of x86-64 in .eh_frame; lld and mold do not, and no linker does for
/// aarch64. Without rows a stub would hide the caller of every shared function that is interrupted on the way.
/// </summary>
internal static class PltRows
{
    // DW_OP_breg7 (rsp) 8; breg16 (rip) 0; lit15 and; lit11 ge; lit3 shl; plus: 8 more after a 16-byte entry's push,
    // which ends at byte 11. The rule that GNU ld itself writes.
    private static ReadOnlySpan<byte> LazyEntryX64 => [0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22];

    public static void Add(ElfFile elf, RuleSet rules, UnwindRowBuilder sink, UnwindRows covered)
    {
        foreach (var section in elf.Sections)
        {
            var lazy = section.Name == ".plt";
            var simple = section.Name is ".plt.sec" or ".plt.got" or ".iplt";
            if (
                (!lazy && !simple)
                || !section.Executable
                || section.Size < 16
                || covered.Find(section.Address) != 0
                || !sink.Begin(section.Address, section.Address + section.Size)
            )
            {
                continue;
            }

            if (elf.Machine == ElfMachine.X64)
            {
                AddX64(section.Address, lazy, rules, sink);
            }
            else
            {
                AddAArch64(section.Address, lazy && elf.HasDynamicTable, rules, sink);
            }

            sink.End();
        }
    }

    // The first lazy entry pushes once more (6 bytes) on top of the index its caller pushed.
    private static void AddX64(ulong address, bool lazy, RuleSet rules, UnwindRowBuilder sink)
    {
        if (!lazy)
        {
            sink.Row(address, AtRsp(rules, 8));
            return;
        }

        sink.Row(address, AtRsp(rules, 16));
        sink.Row(address + 6, AtRsp(rules, 24));
        sink.Row(address + 16, Lazy(rules));
    }

    // Entries touch neither stack nor link register; the first one (32 bytes) begins by pushing x16 and x30.
    private static void AddAArch64(ulong address, bool hasFirst, RuleSet rules, UnwindRowBuilder sink)
    {
        var state = new FrameState(ElfMachine.AArch64)
        {
            Cfa = new PackedRule(RuleKind.Register, UserRegisters.ArmSp, 0),
        };
        var entry = rules.Number(state.Slots);
        sink.Row(address, entry);
        if (hasFirst)
        {
            state.Cfa = new PackedRule(RuleKind.Register, UserRegisters.ArmSp, 16);
            state.Set(UserRegisters.ArmLr, new PackedRule(RuleKind.AtCfaOffset, 0, -8));
            sink.Row(address + 4, rules.Number(state.Slots));
            sink.Row(address + 32, entry);
        }
    }

    private static int AtRsp(RuleSet rules, int offset) =>
        NumberX64(rules, new PackedRule(RuleKind.Register, UserRegisters.X64Rsp, offset));

    private static int Lazy(RuleSet rules) =>
        NumberX64(rules, new PackedRule(RuleKind.Expression, 0, rules.AddExpression(LazyEntryX64)));

    private static int NumberX64(RuleSet rules, PackedRule cfa)
    {
        var state = new FrameState(ElfMachine.X64) { Cfa = cfa };
        state.Set(UserRegisters.X64Rip, new PackedRule(RuleKind.AtCfaOffset, 0, -8));
        return rules.Number(state.Slots);
    }
}
