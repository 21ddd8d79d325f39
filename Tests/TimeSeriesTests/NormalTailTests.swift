import Glibc
import Testing
import TimeSeries

@Suite struct NormalTailTests {
    @Test func `agrees with the C library's erfc as far as that reaches`() {
        for step in -800...3_700 {
            let z = Double(step) / 100
            let expected = -log10(erfc(z / 2.0.squareRoot()) / 2)
            // The fit is good to 1.2e-7 of Q, which is 5.2e-8 in the logarithm.
            #expect((NormalTail.minusLog10(z) - expected).magnitude < 6e-8 + 1e-15 * expected, "\(z)")
        }
    }

    @Test func `goes on where Q itself is 0`() {
        // Q(z) → φ(z) / z: −log10 of it at 1,000 is 500,000 / ln 10 + log10(1,000 √2π).
        let expected = 500_000 / 2.302585092994046 + 3.399089934
        #expect((NormalTail.minusLog10(1_000) - expected).magnitude < 1e-3)
        #expect(NormalTail.minusLog10(-40) == 0)
        #expect(NormalTail.minusLog10(.nan).isNaN)
    }
}
