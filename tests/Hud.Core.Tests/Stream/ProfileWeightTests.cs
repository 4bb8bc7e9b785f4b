using System.Text;
using System.Text.Json;
using Hud.Core.Stream;

namespace Hud.Core.Tests.Stream;

public sealed class ProfileWeightTests
{
    [Theory]
    [InlineData("""{"hotspots":[null]}""", "a list in it has an empty place")]
    [InlineData("""{"summary":{"polls":9223372036854775807}}""", "the numbers in it are too large")]
    [InlineData("""{"histogram":[1,1e300]}""", "the numbers in it are too large")]
    public void What_the_deserializer_lets_pass_and_no_reader_expects_is_refused(string json, string message) =>
        Assert.Equal(
            message,
            Assert.Throws<JsonException>(() => ProfileWeight.Of(Encoding.UTF8.GetBytes(json))).Message
        );

    /// <summary>A task's id is whatever stood in the target's memory.</summary>
    [Theory]
    [InlineData("""{"slowPolls":[{"taskId":18446744073709551615},{"taskId":18446744073709551615,"wallNs":1}]}""")]
    [InlineData("""{"verdict":null}""")]
    public void Nothing_else_is(string json) => Assert.True(ProfileWeight.Of(Encoding.UTF8.GetBytes(json)) > 0);
}
