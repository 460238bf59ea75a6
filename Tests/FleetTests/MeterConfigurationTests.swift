// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Fleet
import JSONText
import Testing

/// Parses JSON that a test wrote itself.
func parse(_ text: String) throws -> JSONValue {
    try JSONReader.parse(Array(text.utf8))
}

@Suite struct MeterConfigurationTests {
    static let full = """
        {"name":"Flat 12","labels":{"region":"north"},"timeZone":"Europe/Bratislava","protected":true,
         "channel":{"type":"tcp","host":"192.0.2.10","port":4060,"group":"modems"},
         "framing":"hdlc","address":{"logicalDevice":1,"physicalDevice":17,"octets":2},
         "referencing":"short-name",
         "associations":{
           "reader":{"clientAddress":32,"authentication":{"mechanism":"low","secret":{"text":"12345678"}}},
           "manager":{"clientAddress":1,"authentication":{"mechanism":"gmac"},
             "security":{"suite":0,"protection":["authenticated","encrypted"],"ciphering":"general-global",
               "clientSystemTitle":"434F53454D475731",
               "blockCipherKey":{"hex":"000102030405060708090A0B0C0D0E0F"},
               "authenticationKey":{"base64":"0NHS09TV1tfY2drb3N3e3w=="},
               "invocationCounterObject":"0-0:43.1.0"}}},
         "timeouts":{"connect":"PT5S","response":"20s"},"keepAlive":"PT1M","model":"generic",
         "quirks":{"deviationSign":-1,"slow":true,"note":"x","factor":0.5}}
        """

    private func read(_ text: String) throws -> MeterConfiguration {
        try MeterConfiguration(parse(text), secrets: .clear(keeping: [:]))
    }

    private func fault(_ text: String) throws -> JSONMemberError? {
        let value = try parse(text)
        return #expect(throws: JSONMemberError.self) {
            try MeterConfiguration(value, secrets: .clear(keeping: [:]))
        }
    }

    @Test func readsEveryMember() throws {
        let meter = try read(Self.full)
        #expect(meter.name == "Flat 12")
        #expect(meter.labels == ["region": "north"])
        #expect(meter.timeZone == "Europe/Bratislava")
        #expect(meter.isProtected)
        let endpoint = NetworkEndpoint(host: "192.0.2.10", port: 4060)
        #expect(
            meter.channel == .inline(ChannelConfiguration(path: .tcp(endpoint), group: ChannelGroupID("modems")))
        )
        #expect(meter.framing == .hdlc)
        #expect(meter.address == MeterAddress(logicalDevice: 1, physicalDevice: 17, octets: 2))
        #expect(meter.referencing == .shortName)
        #expect(meter.associations["reader"]?.authentication == .low(Secret(text: "12345678")))
        let security = try #require(meter.associations["manager"]?.security)
        #expect(security.blockCipherKey == Secret(Array(0..<16)))
        #expect(security.authenticationKey == Secret(Array(0xD0...0xDF)))
        #expect(security.ciphering == .generalGlobal)
        #expect(security.invocationCounterObject == OBISCode(0, 0, 43, 1, 0, 255))
        #expect(security.clientSystemTitle?.description == "434F53454D475731")
        #expect(meter.timeouts == MeterTimeouts(connect: .seconds(5), response: .seconds(20)))
        #expect(meter.keepAlive == .seconds(60))
        #expect(meter.quirks["deviationSign"] == .integer(-1))
        #expect(meter.quirks["slow"] == .bool(true))
        #expect(meter.quirks["note"] == .text("x"))
    }

    @Test func fillsInDefaults() throws {
        let meter = try read(#"{"channel":"line-7"}"#)
        #expect(meter == MeterConfiguration(channel: .shared(try #require(ChannelID("line-7")))))
        #expect(meter.associations == ["reader": AssociationConfiguration(clientAddress: 16)])
        #expect(meter.framing == .wrapper)
        #expect(meter.timeZone == "UTC")
        let tcp = try read(#"{"channel":{"type":"tcp","host":"::1"}}"#)
        #expect(tcp.channel == .inline(ChannelConfiguration(path: .tcp(NetworkEndpoint(host: "::1", port: 4059)))))
    }

    @Test func showsNoSecretWhenRedacted() throws {
        let meter = try read(Self.full)
        var writer = JSONWriter()
        meter.write(into: &writer, secrets: .redacted)
        let text = String(decoding: writer.octets, as: UTF8.self)
        #expect(text.contains(#""secret":{"set":true}"#))
        #expect(text.contains(#""blockCipherKey":{"set":true}"#))
        for secret in ["12345678", "000102", "0NHS", "D0D1", "d0d1"] { #expect(!text.contains(secret)) }
        #expect(!"\(meter)".contains("12345678"))
    }

    @Test func redactedFormComesBackWithTheKeptSecrets() throws {
        let meter = try read(Self.full)
        var writer = JSONWriter()
        meter.write(into: &writer, secrets: .redacted)
        let value = try JSONReader.parse(writer.octets)
        #expect(try MeterConfiguration(value, secrets: .clear(keeping: meter.secrets)) == meter)
        #expect(throws: JSONMemberError.self) { try MeterConfiguration(value, secrets: .clear(keeping: [:])) }
    }

    @Test func sealedFormComesBackWithTheOpenedSecrets() throws {
        let meter = try read(Self.full)
        #expect(meter.secrets.count == 3)
        var writer = JSONWriter()
        meter.write(into: &writer, secrets: .sealed(meter.secrets.mapValues { _ in "..." }))
        let value = try JSONReader.parse(writer.octets)
        #expect(value["associations"]?["reader"]?["authentication"]?["secret"] == .object(try sealedMark()))
        #expect(try MeterConfiguration(value, secrets: .opened(meter.secrets)) == meter)
        #expect(throws: JSONMemberError.self) { try MeterConfiguration(value, secrets: .clear(keeping: [:])) }
    }

    private func sealedMark() throws -> JSONObject {
        try #require(JSONObject([.init(name: "sealed", value: "...")]))
    }

    @Test(
        arguments: [
            (#"{"chanel":"x"}"#, "/chanel", "channel"),
            (#"{"channel":"x","keepalive":"PT1S"}"#, "/keepalive", "keepAlive"),
            (#"{"channel":"x","timeouts":{"conect":"PT1S"}}"#, "/timeouts/conect", "connect"),
            (#"{"channel":"x","framing":"warpper"}"#, "/framing", "wrapper"),
            (#"{"channel":"a b"}"#, "/channel", nil),
            (#"{"channel":{"type":"tcp","host":"a/b"}}"#, "/channel/host", nil),
            (#"{"channel":{"type":"tcp","host":"a","port":70000}}"#, "/channel/port", nil),
            (#"{"channel":{"type":"tpc","host":"a"}}"#, "/channel/type", "tcp"),
            (#"{"channel":{"type":"serial","device":"/dev/ttyS0"}}"#, "/framing", nil),
            (#"{"channel":"x","labels":{"a b":"c"}}"#, "/labels/a b", nil),
            (#"{"channel":"x","labels":{"a":1}}"#, "/labels/a", nil),
            (#"{"channel":"x","timeouts":{"connect":"PT0S"}}"#, "/timeouts/connect", nil),
            (#"{"channel":"x","keepAlive":"10"}"#, "/keepAlive", nil),
            (#"{"channel":"x","address":{"octets":3}}"#, "/address/octets", nil),
            (#"{"channel":"x","address":{"logicalDevice":300,"octets":2}}"#, "/address/octets", nil),
            (
                #"{"channel":"x","framing":"hdlc","associations":{"reader":{"clientAddress":200}}}"#,
                "/associations/reader/clientAddress", nil
            ),
            (
                #"{"channel":"x","associations":{"reader":{"authentication":{"mechanism":"low"}}}}"#,
                "/associations/reader/authentication/secret", nil
            ),
            (
                #"{"channel":"x","associations":{"r":{"authentication":{"mechanism":"low","secret":"12345678"}}}}"#,
                "/associations/r/authentication/secret", nil
            ),
            (
                #"{"channel":"x","associations":{"r":{"authentication":{"mechanism":"low","secret":{"hex":"1"}}}}}"#,
                "/associations/r/authentication/secret/hex", nil
            ),
            (
                #"{"channel":"x","associations":{"r":{"authentication":{"mechanism":"lov"}}}}"#,
                "/associations/r/authentication/mechanism", "low"
            ),
            (
                #"{"channel":"x","associations":{"m":{"authentication":{"mechanism":"gmac"}}}}"#,
                "/associations/m/security", nil
            ),
            (
                #"{"channel":"x","associations":{"m":{"security":{"blockCipherKey":{"hex":"00"}}}}}"#,
                "/associations/m/security/blockCipherKey", nil
            ),
            (#"{"channel":"x","associations":{}}"#, "/associations", nil),
            (#"{"channel":"x","quirks":{"a":[]}}"#, "/quirks/a", nil),
            (#"{"channel":"x","timeZone":"../etc"}"#, "/timeZone", nil),
        ] as [(String, String, String?)]
    )
    func refusesWithPlaceAndSuggestion(text: String, pointer: String, suggestion: String?) throws {
        let fault = try fault(text)
        #expect(fault?.pointer.text == pointer)
        #expect(fault?.suggestion == suggestion)
    }

    @Test func faultsNeverRepeatASecret() throws {
        let text = """
            {"channel":"x","associations":{"r":{"authentication":{"mechanism":"low","secret":{"hex":"MARKED-SECRET"}}}}}
            """
        let fault = try #require(try fault(text))
        #expect(!"\(fault)".contains("MARKED"))
    }

    @Test func mergePatchChangesOnlyWhatItNames() throws {
        let meter = try read(Self.full)
        let patched = try meter.merging(
            patch: parse(
                #"{"name":null,"labels":{"region":"south","new":"1"},"associations":{"manager":null,"reader":{"clientAddress":3}}}"#
            )
        )
        #expect(patched.name == nil)
        #expect(patched.labels == ["region": "south", "new": "1"])
        #expect(Set(patched.associations.keys) == ["reader"])
        #expect(patched.associations["reader"]?.clientAddress == 3)
        #expect(patched.associations["reader"]?.authentication == .low(Secret(text: "12345678")))
        #expect(patched.channel == meter.channel)
    }

    @Test func mergePatchReplacesASecret() throws {
        let patch = try parse(#"{"associations":{"reader":{"authentication":{"secret":{"hex":"4142"}}}}}"#)
        let patched = try read(Self.full).merging(patch: patch)
        #expect(patched.associations["reader"]?.authentication == .low(Secret(text: "AB")))
        #expect(patched.associations["manager"]?.security?.blockCipherKey == Secret(Array(0..<16)))
    }

    @Test func associationFollowsThePurpose() throws {
        let both = try read(Self.full)
        #expect(both.associationName(for: .reading) == "reader")
        #expect(both.associationName(for: .managing) == "manager")
        let one = try read(#"{"channel":"x","associations":{"only":{}}}"#)
        #expect(one.associationName(for: .reading) == "only")
        #expect(one.associationName(for: .managing) == "only")
    }
}
