using Hud.CrdTests.Harness;

namespace Hud.CrdTests;

/// <summary>What the server checks and what the operator checks is the same, in the same words.</summary>
public sealed class TableTests(CrdServer server)
{
    [Fact]
    public async Task Each_bad_spec_is_refused_by_the_server_with_its_sentence_and_no_other()
    {
        server.Require();
        var wrong = new List<string>();
        foreach (var (spec, sentence, words) in BadSpecs.All.Select(r => (r.Spec, r.Sentence, r.Server)))
        {
            var answer = await server.CreateAsync("bad", spec, dryRun: true);
            var said = answer.Body["message"]?.GetValue<string>() ?? "";
            string[] sentences = sentence.Length == 0 ? [] : [sentence];
            if (
                answer.IsOk
                || !words.All(w => said.Contains(w, StringComparison.OrdinalIgnoreCase))
                || !Sentences.In(said).SequenceEqual(sentences, StringComparer.Ordinal)
                || Sentences.HasRawError(said)
            )
                wrong.Add($"{spec}: {answer.Code} {said}");
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public void Each_bad_spec_is_refused_by_the_operator_with_its_sentence()
    {
        var wrong = new List<string>();
        foreach (var row in BadSpecs.All)
        {
            var verdict = OperatorAdmission.Judge(OperatorAdmission.Read(row.Spec));
            if (verdict.Accepted || (row.Sentence.Length > 0 && verdict.Message != row.Sentence))
                wrong.Add($"{row.Spec}: {verdict.Message}");
        }
        Assert.Empty(wrong);
    }

    /// <summary>
    /// Every value of every field alone, with what is left of a good spec: where the server takes it, the operator takes what the server stored;
    /// where it does not, neither does the operator, and what is said in our own words is the same.
    /// </summary>
    [Fact]
    public async Task Server_and_operator_agree_on_each_value_of_each_field()
    {
        server.Require();
        var (wrong, taken, refused) = (new List<string>(), 0, 0);
        foreach (var spec in Values.All())
        {
            var answer = await server.CreateAsync("any", spec, dryRun: true);
            var said = answer.IsOk ? "" : answer.Body["message"]!.GetValue<string>();
            var ofWritten = OperatorAdmission.Judge(OperatorAdmission.Read(spec));
            if (answer.IsOk)
            {
                taken++;
                var stored = answer.Body["spec"]!.ToJsonString();
                if (OperatorAdmission.Judge(stored) is { Accepted: false } ofStored)
                    wrong.Add($"{spec}: taken as {stored}, and refused by the operator: {ofStored.Message}");
                continue;
            }
            refused++;
            var (ours, theirs) = (Sentences.In(said), Sentences.In(ofWritten.Message));
            // what every server's schema says by itself: enumerations, which a file may write in lower case, and names that are empty
            if (
                said.Contains("Unsupported value", StringComparison.Ordinal)
                || said.Contains("should be at least 1 chars long", StringComparison.Ordinal)
            )
                continue;
            if (ofWritten.Accepted)
                wrong.Add($"{spec}: taken by the operator, and refused by the server: {said}");
            else if (Sentences.HasRawError(said))
                wrong.Add($"{spec}: {said}");
            // a server that stops at the schema's own words comes to no rules
            else if (ours.Count > 0 && !ours.SequenceEqual(theirs) && !IsUnreadable(ofWritten.Message))
                wrong.Add($"{spec}: the server says {said}; the operator says {ofWritten.Message}");
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        // such a number is never stored: whole ones the server writes without a fraction, and others it does not take
        static bool IsUnreadable(string message) => message.Contains(" cannot be read: ", StringComparison.Ordinal);

        // neither side took or refused everything
        Assert.InRange(taken, 60, 1000);
        Assert.InRange(refused, 150, 1000);
    }
}
