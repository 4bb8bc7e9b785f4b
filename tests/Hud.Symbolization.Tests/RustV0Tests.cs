namespace Hud.Symbolization.Tests;

public class RustV0Tests
{
    [Theory]
    [InlineData("_RNvC7mycrate4main", "mycrate::main")]
    [InlineData("_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar")]
    [InlineData("_RNvC6_123foo3bar", "123foo::bar")]
    [InlineData(
        "_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y",
        "utf8_idents::საჭმელად_გემრიელი_სადილი"
    )]
    [InlineData("_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00B5_", "cc::spawn::{closure#0}::{closure#0}")]
    [InlineData(
        "_RNCINkXs25_NgCsbmNqQUJIY6D_4core5sliceINyB9_4IterhENuNgNoBb_4iter8iterator8Iterator9rpositionNCNgNpB9_6memchr7memrchrs_0E0Bb_",
        "<core::slice::Iter<u8> as core::iter::iterator::Iterator>::rposition::<core::slice::memchr::memrchr::{closure#1}>::{closure#0}"
    )]
    [InlineData(
        "_RINbNbCskIICzLVPPb_5alloc5alloc8box_freeDINbNiB4_5boxed5FnBoxuEp6OutputuEL_ECs1iopQbuBiw2_3std",
        "alloc::alloc::box_free::<dyn alloc::boxed::FnBox<(), Output = ()>>"
    )]
    [InlineData("_RNvMC0INtC8arrayvec8ArrayVechKj7b_E3new", "<arrayvec::ArrayVec<u8, 123>>::new")]
    [InlineData("_RNSNvC1a1f4once", "a::f::{shim:once#0}")]
    [InlineData("_RNSNvC1a1fs_0", "a::f::{shim#1}")]
    [InlineData("_RNXNvC1a1f3abc", "a::f::{X:abc#0}")]
    [InlineData("_RNvNvC1a01f", "a::f")] // an unnamed step (an extern block) is not shown
    public void Paths_read_as_in_source(string symbol, string expected) => Assert.Equal(expected, Short(symbol));

    [Theory]
    [InlineData("Khb_", "11")]
    [InlineData("Ks98_", "152")]
    [InlineData("Kanb_", "-11")]
    [InlineData("Kb0_", "false")]
    [InlineData("Kb1_", "true")]
    [InlineData("Kc76_", "'v'")]
    [InlineData("Kca_", "'\\n'")]
    [InlineData("Kc27_", "'\\''")]
    [InlineData("Kc22_", "'\"'")]
    [InlineData("Kc2202_", "'∂'")]
    [InlineData("Kc200b_", "'\\u{200b}'")]
    [InlineData("Kp", "_")]
    [InlineData("Ko0000000000000000000000000000000b_", "11")]
    [InlineData("Koffffffffffffffffffff_", "0xffffffffffffffffffff")]
    [InlineData("KRe616263_", "\"abc\"")]
    [InlineData("KRe27_", "\"'\"")]
    [InlineData("KRe090a_", "\"\\t\\n\"")]
    [InlineData("KRee28882c3bc_", "\"∂ü\"")]
    [InlineData("Ke616263_", "{*\"abc\"}")]
    [InlineData("KRRe61_", "{&\"a\"}")]
    [InlineData("KQh1_", "{&mut 1}")]
    [InlineData("KAh1_h2_E", "{[1, 2]}")]
    [InlineData("KTE", "{()}")]
    [InlineData("KTh1_E", "{(1,)}")]
    [InlineData("KTh1_b0_E", "{(1, false)}")]
    [InlineData("KVC1aU", "{a}")]
    [InlineData("KVNtC1a4SomeTh7_E", "{a::Some(7)}")]
    [InlineData("KVNtC1a1PS1xh1_s_1yRe62_E", "{a::P { x: 1, y: \"b\" }}")]
    [InlineData("KTRTh1_EQTEE", "{(&(1,), &mut ())}")]
    public void Constants_read_as_in_source(string argument, string expected) =>
        Assert.Equal($"a::<{expected}>", Short($"_RIC1a{argument}E"));

    [Theory]
    [InlineData("a", "i8")]
    [InlineData("x", "i64")]
    [InlineData("o", "u128")]
    [InlineData("z", "!")]
    [InlineData("v", "...")]
    [InlineData("p", "_")]
    [InlineData("TE", "()")]
    [InlineData("ThE", "(u8,)")]
    [InlineData("TheE", "(u8, str)")]
    [InlineData("Sh", "[u8]")]
    [InlineData("AhKj3_", null)] // the length is a constant already: no K
    [InlineData("Ahj3_", "[u8; 3]")]
    [InlineData("Re", "&str")]
    [InlineData("RL_e", "&str")]
    [InlineData("Qe", "&mut str")]
    [InlineData("Ph", "*const u8")]
    [InlineData("Oh", "*mut u8")]
    [InlineData("FEu", "fn()")]
    [InlineData("FhEh", "fn(u8) -> u8")]
    [InlineData("FUKCEz", "unsafe extern \"C\" fn() -> !")]
    [InlineData("FK13system_unwindEu", "extern \"system-unwind\" fn()")]
    [InlineData("FG_RL0_hEu", "for<'a> fn(&'a u8)")]
    [InlineData("FG0_RL1_hRL0_tEu", "for<'a, 'b> fn(&'a u8, &'b u16)")]
    [InlineData("FG_FG_RL1_hRL0_hEuEu", "for<'a> fn(for<'b> fn(&'a u8, &'b u8))")]
    [InlineData("DNtC1b1TEL_", "dyn b::T")]
    [InlineData("DNtC1b1TNtC1c1UEL_", "dyn b::T + c::U")]
    [InlineData("DINtC1b1ThEp1ORShEL_", "dyn b::T<u8, O = &[u8]>")]
    [InlineData("DNtC1b1Tp1Ahp1BtEL_", "dyn b::T<A = u8, B = u16>")]
    [InlineData("DG_INtC1b2FnTRL0_hEEEL_", "dyn for<'a> b::Fn<(&'a u8,)>")]
    [InlineData("FG_DNtC1b1TEL0_Eu", "for<'a> fn(dyn b::T + 'a)")]
    [InlineData("WmRm1_m63_", "u32 is 1..=99")]
    [InlineData("WmORm1_m2_Rm5_m6_E", "u32 is 1..=2 | 5..=6")]
    [InlineData("WPhN", "*const u8 is !null")]
    [InlineData("L_", "'_")]
    public void Types_read_as_in_source(string argument, string? expected)
    {
        if (expected is null)
        {
            Assert.False(RustDemangler.TryDemangle($"_RIC1a{argument}E", RustStyle.Short, out _));
            return;
        }

        Assert.Equal($"a::<{expected}>", Short($"_RIC1a{argument}E"));
    }

    [Fact]
    public void The_full_style_says_crate_hashes_and_constant_types()
    {
        Assert.True(RustDemangler.TryDemangle("_RINvCs1234_7mycrate3fooKj3_E", RustStyle.Full, out var name));
        Assert.Equal("mycrate[3c78e]::foo::<3usize>".Replace("3c78e", Hash("1234"), StringComparison.Ordinal), name);
    }

    [Theory]
    [InlineData("_RNvC1a1f.llvm.123ABC", "a::f")]
    [InlineData("_RNvC1a1f.cold", "a::f")]
    [InlineData("_RNvC1a1f.llvm.15455393771290841389.warm", "a::f")]
    [InlineData("__RNvC1a1f", "a::f")]
    [InlineData("_RNvC1a1fC1b", "a::f")] // the instantiating crate isn't part of the name
    public void Suffixes_and_instantiating_crates_do_not_disturb(string symbol, string expected) =>
        Assert.Equal(expected, Short(symbol));

    [Theory]
    [InlineData("_R")]
    [InlineData("_R1NvC1a1f")] // a later encoding
    [InlineData("_RNvC1a")]
    [InlineData("_RNvC9a1f")]
    [InlineData("_RB_")] // points at itself
    [InlineData("_RNvB_1f")]
    [InlineData("_RNvC1a1f junk")]
    [InlineData("_RIC1aRL0_hE")] // a lifetime without a binder
    [InlineData("_RIC1aFGzzzzzzzzzzz_EuE")]
    [InlineData("_RIC1aFGzzz_EuE")]
    [InlineData("_RIC1aKcd800_E")] // half a surrogate pair
    [InlineData("_RIC1aKRe8_E")]
    [InlineData("_RIC1aKReff_E")] // no UTF-8
    [InlineData("_RIC1aKb2_E")]
    [InlineData("_RNvCszzzzzzzzzzzzzzzzz_1a1f")]
    [InlineData("_RNvC1au3_1f")]
    public void Broken_names_are_refused(string symbol) =>
        Assert.False(RustDemangler.TryDemangle(symbol, RustStyle.Short, out _));

    [Fact]
    public void Punycode_that_does_not_decode_is_shown_as_it_stands() =>
        Assert.Equal("a::punycode{f-0}", Short("_RNvC1au3f_0"));

    [Fact]
    public void Nesting_has_a_bound()
    {
        Assert.False(RustDemangler.TryDemangle("_RIC1a" + new string('S', 60_000) + "hE", RustStyle.Short, out _));
        Assert.Equal(
            "a::<" + new string('[', 400) + "u8" + new string(']', 400) + ">",
            Short("_RIC1a" + new string('S', 400) + "hE")
        );
    }

    [Fact]
    public void Names_that_double_with_every_back_reference_are_cut()
    {
        // each tuple holds the one before it twice: 2^40 characters from a few hundred bytes
        var symbol = "_RIC1a";
        var last = "h";
        for (var i = 0; i < 40; i++)
        {
            var start = symbol.Length - 2;
            symbol += "T" + last + last + "E";
            last = "B" + Base62(start);
        }

        Assert.True(RustDemangler.TryDemangle(symbol + "E", RustStyle.Short, out var name));
        Assert.Equal(DemangleLimits.MaxOutput + DemangleLimits.Cut.Length, name.Length);
        Assert.EndsWith(DemangleLimits.Cut, name, StringComparison.Ordinal);
    }

    private static string Short(string symbol)
    {
        Assert.True(RustDemangler.TryDemangle(symbol, RustStyle.Short, out var name), symbol);
        return name;
    }

    private static string Hash(string base62)
    {
        ulong value = 0;
        foreach (var c in base62)
        {
            value = (value * 62) + (ulong)(char.IsAsciiDigit(c) ? c - '0' : c - 'a' + 10);
        }

        return (value + 2).ToString("x");
    }

    private static string Base62(int value)
    {
        if (value == 0)
        {
            return "_";
        }

        value--;
        var digits = "";
        do
        {
            digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[value % 62] + digits;
            value /= 62;
        } while (value > 0);

        return digits + "_";
    }
}
