// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Testing

@Suite struct ChannelConfigurationTests {
    @Test(arguments: [
        #"{"type":"tcp","host":"192.0.2.10","port":4059}"#,
        #"{"type":"udp","host":"meter.example","port":1,"group":"cell-3"}"#,
        #"{"type":"tls","host":"2001:db8::1","port":65535}"#,
        #"{"type":"tls","host":"a","port":1,"caFile":"/ca.pem","serverName":"meter.example"}"#,
        #"{"type":"tls","host":"a","port":1,"clientCertificateFile":"/c.pem","clientKeyFile":"/k.pem"}"#,
        #"{"type":"serial","device":"/dev/ttyUSB0","baud":9600,"parity":"none","dataBits":8,"stopBits":1}"#,
        #"{"type":"serial","device":"/dev/ttyS1","baud":300,"parity":"even","dataBits":7,"stopBits":1,"rs485":true,"echo":true}"#,
        #"{"type":"rfc2217","host":"a","port":2217,"baud":9600,"parity":"odd","dataBits":8,"stopBits":2}"#,
        #"{"type":"modem","device":"/dev/ttyS0","baud":300,"parity":"even","dataBits":7,"stopBits":1,"dial":"ATDT01"}"#,
        #"{"type":"modem","host":"192.0.2.9","port":4001,"dial":"ATD1","init":["AT+CBST=71,0,1"],"dialTimeout":"PT1M30S","busyRetries":0}"#,
        #"{"type":"dial-in","identity":"350077523237513"}"#,
    ])
    func comesBackAsWritten(text: String) throws {
        var writer = JSONWriter()
        try ChannelConfiguration(parse(text)).write(into: &writer)
        #expect(String(decoding: writer.octets, as: UTF8.self) == text)
    }

    @Test(arguments: [
        (#"{}"#, ""),
        (#"{"type":"tcp"}"#, ""),
        (#"{"type":"tcp","host":"a","device":"/dev/x"}"#, "/device"),
        (#"{"type":"serial","device":"COM1"}"#, "/device"),
        (#"{"type":"serial","device":"/dev/x","parity":"evn"}"#, "/parity"),
        (#"{"type":"serial","device":"/dev/x","rs485":1}"#, "/rs485"),
        (#"{"type":"rfc2217","host":"a"}"#, ""),
        (#"{"type":"rfc2217","host":"a","port":1,"device":"/dev/x"}"#, "/device"),
        (#"{"type":"tls","host":"a","caFile":"ca.pem"}"#, "/caFile"),
        (#"{"type":"tls","host":"a","clientKeyFile":"/k.pem"}"#, "/clientCertificateFile"),
        (#"{"type":"modem","device":"/dev/x"}"#, ""),
        (#"{"type":"modem","device":"/dev/x","dial":"AT\r"}"#, "/dial"),
        (#"{"type":"modem","device":"/dev/x","dial":"ATD1","init":"ATZ"}"#, "/init"),
        (#"{"type":"modem","host":"a","port":1,"dial":"ATD1","busyRetries":21}"#, "/busyRetries"),
        (#"{"type":"dial-in","identity":""}"#, "/identity"),
        (#"{"type":"tcp","host":"a","group":"a/b"}"#, "/group"),
    ])
    func refusesWithPlace(text: String, pointer: String) throws {
        let value = try parse(text)
        let fault = #expect(throws: JSONMemberError.self) { try ChannelConfiguration(value) }
        #expect(fault?.pointer.text == pointer)
    }

    @Test func groupHasLimits() throws {
        let group = try ChannelGroupConfiguration(parse(#"{"parallelism":8,"maxConnectionsPerSecond":2.5}"#))
        #expect(group == ChannelGroupConfiguration(parallelism: 8, maxConnectionsPerSecond: 2.5))
        for text in [#"{"parallelism":0}"#, #"{}"#, #"{"parallelism":1,"maxConnectionsPerSecond":0}"#] {
            let value = try parse(text)
            #expect(throws: JSONMemberError.self) { try ChannelGroupConfiguration(value) }
        }
    }

    @Test func endpointIsWrittenWithBracketsAroundIPv6() {
        #expect(NetworkEndpoint(host: "192.0.2.1", port: 1).description == "192.0.2.1:1")
        #expect(NetworkEndpoint(host: "::1", port: 1).description == "[::1]:1")
    }
}
