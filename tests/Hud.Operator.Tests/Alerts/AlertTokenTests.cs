using Hud.Operator.Alerts;
using Microsoft.Extensions.Time.Testing;

namespace Hud.Operator.Tests.Alerts;

public sealed class AlertTokenTests : IDisposable
{
    private const string One = "0123456789abcdef-one";
    private const string Two = "0123456789abcdef-two";

    private readonly string _file = Path.GetTempFileName();
    private readonly FakeTimeProvider _clock = new();

    public void Dispose() => File.Delete(_file);

    private AlertToken Token(string text)
    {
        File.WriteAllText(_file, text);
        return new AlertToken(_file, _clock);
    }

    [Theory]
    [InlineData("Bearer " + One, TokenCheck.Right)]
    [InlineData("bearer  " + One + " ", TokenCheck.Right)]
    [InlineData("Bearer " + Two, TokenCheck.Wrong)]
    [InlineData("Bearer " + One + "x", TokenCheck.Wrong)]
    [InlineData("Bearer 0123456789abcdef-on", TokenCheck.Wrong)]
    [InlineData("Bearer ", TokenCheck.Wrong)]
    [InlineData("Basic " + One, TokenCheck.Missing)]
    [InlineData(One, TokenCheck.Missing)]
    [InlineData("", TokenCheck.Missing)]
    [InlineData(null, TokenCheck.Missing)]
    public void Only_the_token_is_right(string? authorization, TokenCheck check) =>
        Assert.Equal(check, Token(One + "\n").Check(authorization));

    [Theory]
    [InlineData("")]
    [InlineData("\n \n")]
    [InlineData("short")]
    [InlineData(One + "\nshort")]
    [InlineData("a token with spaces in it")]
    [InlineData("t\u00f6ken-t\u00f6ken-t\u00f6ken-t\u00f6ken")]
    [InlineData("0123456789abcdef1\n0123456789abcdef2\n0123456789abcdef3\n0123456789abcdef4\n0123456789abcdef5")]
    public void A_file_without_a_good_token_lets_nobody_in(string text)
    {
        var token = Token(text);
        Assert.NotEqual("", token.Problem);
        foreach (var line in text.Split('\n').Append(One))
            Assert.Equal(TokenCheck.Unreadable, token.Check("Bearer " + line));
    }

    [Fact]
    public void A_file_of_any_length_is_read_within_its_bound() =>
        Assert.Contains("longer", Token(new string('x', 1 << 20)).Problem, StringComparison.Ordinal);

    /// <summary>First the new token beside the old, then senders change, then the old one goes.</summary>
    [Fact]
    public void A_token_is_replaced_without_a_gap()
    {
        var token = Token(One);
        Assert.Equal(TokenCheck.Right, token.Check("Bearer " + One));
        File.WriteAllText(_file, Two + "\n" + One);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TokenCheck.Right, token.Check("Bearer " + One));
        Assert.Equal(TokenCheck.Right, token.Check("Bearer " + Two));
        File.WriteAllText(_file, Two);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TokenCheck.Wrong, token.Check("Bearer " + One));
        Assert.Equal(TokenCheck.Right, token.Check("Bearer " + Two));
    }

    [Fact]
    public void A_token_that_was_taken_away_opens_nothing_any_more()
    {
        var token = Token(One);
        Assert.Equal("", token.Problem);
        File.Delete(_file);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TokenCheck.Unreadable, token.Check("Bearer " + One));
        Assert.Contains("cannot be read", token.Problem, StringComparison.Ordinal);
    }
}
