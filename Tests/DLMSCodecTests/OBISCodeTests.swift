// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@Suite struct OBISCodeTests {
    @Test(arguments: [
        "1.0.1.8.0.255", "1-0:1.8.0*255", "1-0:1.8.0.255", "1-0:1.8.0", "0100010800ff", "0100010800FF", "1-0:1.8.0&255",
    ])
    func usualFormsAreRead(_ text: String) {
        #expect(OBISCode(text) == OBISCode(1, 0, 1, 8, 0, 255))
    }

    @Test(arguments: [
        "", "1", "1.8.0", "1.0.1.8.0", "1.0.1.8.0.256", "1.0.1.8.0.255.1", "1..1.8.0.255", "1-0:1.8.0*", "-0:1.8.0*255",
        "1-0:1.8.0*2555", "0100010800f", "0100010800fg", "1:0-1.8.0*255", "1.0.1.8.0.-1", "٠.0.1.8.0.255",
    ])
    func otherFormsAreRefused(_ text: String) {
        #expect(OBISCode(text) == nil)
    }

    @Test func formsAreWritten() {
        let code = OBISCode(0, 0, 96, 3, 10, 255)
        #expect(code.text == "0-0:96.3.10.255")
        #expect("\(code)" == "0.0.96.3.10.255")
        #expect(code.octets == [0, 0, 96, 3, 10, 255])
        #expect(OBISCode(0, 0, 96, 3, 10, 255) < OBISCode(1, 0, 0, 0, 0, 0))
    }
}
