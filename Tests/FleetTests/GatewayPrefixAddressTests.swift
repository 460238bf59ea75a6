// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Testing

@Suite("Meters behind a concentrator")
struct GatewayPrefixAddressTests {
    private func meter(_ gateway: String, _ framing: String = "wrapper") throws -> MeterConfiguration {
        let text = #"{"channel":"x","framing":"\#(framing)","address":{"gateway":\#(gateway)}}"#
        return try MeterConfiguration(parse(text), secrets: .clear(keeping: [:]))
    }

    @Test("The address behind a concentrator is kept, with the first network unless told otherwise")
    func kept() throws {
        let named = try meter(#"{"networkId":7,"physicalAddress":"01aB"}"#)
        #expect(named.address.gateway == GatewayPrefixAddress(networkID: 7, physicalAddress: [0x01, 0xAB]))
        #expect(try meter(#"{"physicalAddress":"23"}"#).address.gateway?.networkID == 0)
        #expect(try meter("null").address.gateway == nil)
    }

    @Test(
        "What is no such address is refused with its place",
        arguments: [
            (#"{}"#, "/address/gateway"), (#"{"physicalAddress":""}"#, "/address/gateway/physicalAddress"),
            (#"{"physicalAddress":"123"}"#, "/address/gateway/physicalAddress"),
            (#"{"physicalAddress":"12","networkId":256}"#, "/address/gateway/networkId"),
            (#"{"physicalAddress":"12","network":1}"#, "/address/gateway/network"),
        ]
    )
    func refused(gateway: String, pointer: String) {
        let fault = #expect(throws: JSONMemberError.self) { try meter(gateway) }
        #expect(fault?.pointer.text == pointer)
    }

    @Test("Text messages have no prefix")
    func text() {
        let fault = #expect(throws: JSONMemberError.self) { try meter(#"{"physicalAddress":"12"}"#, "iec62056-21") }
        #expect(fault?.pointer.text == "/address/gateway")
    }
}
