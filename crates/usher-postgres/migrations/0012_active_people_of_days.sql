-- How many people were active on a day, in an app or (empty) in any: of days on which nothing is expected any more, counted when
-- somebody asks. Whoever notes somebody on such a day after all takes the figure away. people is empty while it is counted,
-- by whom says token. See src/reads/history/kept.rs.
CREATE TABLE active_people_of_days (
    tenant_id   bigint  NOT NULL,
    namespace   text    COLLATE "C" NOT NULL,
    day         integer NOT NULL,
    generation  bigint  NOT NULL,
    token       bigint  NOT NULL,
    people      bigint,
    PRIMARY KEY (tenant_id, namespace, day)
);
