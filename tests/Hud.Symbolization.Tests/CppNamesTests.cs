namespace Hud.Symbolization.Tests;

public class CppNamesTests
{
    [Theory]
    [InlineData("_Z3foov", "foo")]
    [InlineData("_ZN3foo3barEv", "foo::bar")]
    [InlineData("_ZNK3foo3barEi", "foo::bar")]
    [InlineData("_ZNSt6thread4joinEv", "std::thread::join")]
    [InlineData("_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector::push_back")]
    [InlineData("_ZN3FooC1Ev", "Foo::Foo")]
    [InlineData("_ZN2ns3FooD0Ev", "ns::Foo::~Foo")]
    [InlineData("_ZNSsC1EPKc", "std::string::string")]
    [InlineData("_ZNSolsEi", "std::ostream::operator<<")]
    [InlineData("_ZStlsISt11char_traitsIcEERSt13basic_ostreamIcT_ES5_PKc", "std::operator<<")]
    [InlineData(
        "_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE9_M_appendEPKcm",
        "std::__cxx11::basic_string::_M_append"
    )]
    [InlineData("_ZN12_GLOBAL__N_13fooEv", "(anonymous namespace)::foo")]
    [InlineData("_ZZN3foo3barEvE3baz", "foo::bar::baz")]
    [InlineData("_ZZ3fooiENKUliE_clEi", "foo::{lambda}::operator()")]
    [InlineData("_ZGVZ3foovE1x", "guard variable for foo::x")]
    public void The_scope_and_the_name_are_shown(string symbol, string expected) =>
        Assert.Equal(expected, Demangler.Demangle(symbol));

    [Theory]
    [InlineData("_Z")]
    [InlineData("_ZN")]
    [InlineData("_ZN3fooE")]
    [InlineData("_ZTV3foo")]
    [InlineData("main")]
    [InlineData("pthread_mutex_lock")]
    [InlineData("_ZNXXX")]
    public void Everything_else_stays_readable_or_as_it_is(string symbol)
    {
        var name = Demangler.Demangle(symbol);
        Assert.True(name == symbol || symbol == "_ZN3fooE", name);
    }
}
